//! The compiler's tests, in one binary.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test builds on is there, or the test fails"
)]

mod assemble;
mod cases;
mod fixture;
mod tables;
mod wrap;
