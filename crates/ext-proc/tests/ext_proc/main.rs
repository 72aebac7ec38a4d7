//! The protocols of Envoy, spoken by a client of gRPC.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything here is a test: what goes wrong is to fail it"
)]

mod asks;
mod ends;
mod envoy;
mod laws;
mod stage;
