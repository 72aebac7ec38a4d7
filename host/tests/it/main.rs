//! The host over real sockets: a client, the host, and a stand-in for GT that remembers everything.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy spares test functions, not the functions they share"
)]

mod admin;
mod bodies;
mod bytes;
mod harness;
mod models;
mod order;
mod policies;
mod pool;
mod refusals;
mod shutdown;
mod streams;
mod syntax;
mod upstream;
