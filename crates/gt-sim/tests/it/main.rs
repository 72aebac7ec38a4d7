//! The simulator over loopback, as a client sees it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy spares test functions, not the functions they share"
)]

mod chat;
mod conversations;
mod faults;
mod harness;
mod keys;
mod lifecycle;
mod media;
mod recording;
mod routes;
mod streams;
mod uploads;
