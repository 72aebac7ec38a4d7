//! The exchanges of `tests/conformance` through proxies of others, each with the list in
//! `tests/conformance/doors` of what is not as the files say. The step `doors` of `cargo xtask test` installs
//! the proxies.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

mod away;
mod caddy;
mod envoy;
mod ext_proc;
mod haproxy;
mod installed;
mod nginx;
mod pingora;
#[path = "../e2e/conformance/policies.rs"]
mod policies;
mod real_clients;
mod tcp;
mod traefik;

use signalbox_testkit::guests;
