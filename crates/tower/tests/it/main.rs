//! The layer before a service that is scripted, and its examples before GT's stand-in.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy spares test functions, not the functions they share"
)]
#![expect(
    clippy::duplicate_mod,
    reason = "each example has its own set-up, as it stands"
)]

/// How the gate's own tests play an exchange: by hand, step by step.
#[expect(dead_code, reason = "the gate's tests use more of it")]
#[path = "../../../gate/tests/it/door.rs"]
mod door;
/// The policy, the keys and the clock of the gate's own tests.
#[expect(dead_code, reason = "the gate's tests use more of it")]
#[path = "../../../gate/tests/it/fixture.rs"]
mod fixture;

mod body;
mod decisions;
mod examples;
mod forms;
mod gt;
mod held;
mod identities;
mod laws;
mod readiness;
mod runtime;
mod stage;
mod storm;
mod times;
