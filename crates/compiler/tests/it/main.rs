//! The compiler's tests, in one binary.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test builds on is there, or the test fails"
)]

mod cases;
mod compile;
mod fixture;
mod refused;
mod tables;
mod wasi;
mod wrap;
