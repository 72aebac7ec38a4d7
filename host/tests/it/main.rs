//! The host over real sockets: a client, the host, and a stand-in for GT that remembers everything.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy spares test functions, not the functions they share"
)]

mod admin;
mod answers;
mod authz;
mod bodies;
mod bytes;
mod candidates;
mod contract;
mod cors;
mod files;
mod forms_cut;
mod forwarded;
mod gt_hosts;
mod gt_http2;
mod gt_keys;
mod gt_tls;
mod harness;
mod http2;
mod jwt;
mod jwt_flood;
mod limits;
mod models;
mod multipart;
mod order;
mod policies;
mod pool;
mod refusals;
mod registries;
mod restart;
mod routes;
mod secrets;
mod series;
mod shutdown;
mod spool;
mod streams;
mod swaps;
mod syntax;
mod tls;
mod tls_clients;
mod traces;
mod unread;
mod uploads;
mod upstream;
mod usage;

use signalbox_testkit::guests;
