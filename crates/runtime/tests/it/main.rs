//! The runtime against guests that keep the contract and guests that do not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod cache;
mod code_in_use;
mod compile;
mod compiled;
mod guests;
mod hostile;
mod lanes;
mod load;
mod memory;
mod pool;
mod served;
mod slot_model;
mod swap;
mod trust;
mod warm;
mod wasi;
