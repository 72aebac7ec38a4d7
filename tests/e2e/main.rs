//! End to end: who may know whom, laws that span crates, and faults. What needs other people's packages is
//! in `tests/clients/suite`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

mod any_cut;
mod asked_usage;
mod between_keys;
mod blanks;
mod boundaries;
mod bypass;
mod bytes;
mod causes;
mod client_forms;
mod client_trials;
mod compose;
mod conformance;
mod conformance_command;
mod failing_guest;
mod frozen;
mod hostile_candidates;
mod hostile_live;
mod hostile_registry;
mod hostile_statements;
mod import_loops;
#[path = "../../crates/http/tests/it/bodies.rs"]
#[expect(
    dead_code,
    reason = "shared with the crate's own tests, which use more of it"
)]
mod json_bodies;
mod kill;
mod kill_walk;
mod laws;
mod log;
#[path = "../../crates/http/tests/it/naive.rs"]
mod naive_json;
mod restart;
mod shut_out;
mod smuggling;
mod soak;
mod swap_command;
mod swap_memory;
mod swap_storm;
mod trust;
mod unread_memory;
mod wording;

use signalbox_testkit::guests;
