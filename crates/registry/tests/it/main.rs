//! Pulls from a registry on loopback that says whatever a test has it say.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

mod lies;
mod login;
mod pulls;
mod redirects;
mod server;
mod stalls;
mod tls;
