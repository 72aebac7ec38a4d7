//! What the crate promises, a module per topic.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod access;
mod automatic;
mod back;
mod fixture;
mod law;
mod pairs;
mod restart;
mod shadows;
mod signature;
mod state;
mod steps;
mod together;

use signalbox_testkit::guests;
