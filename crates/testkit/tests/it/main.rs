//! Policies that keep the contract and policies that do not, as whoever writes one would test them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod answers;
mod docs;
mod gate;
mod hostile;
mod laws;
mod native;
