//! What the end-to-end tests stand on: a gate with GT's stand-in behind it, real clients in front of
//! it, a plain HTTP client that shows every byte, and the `signalbox` command.
//!
//! Everything listens on loopback, on ports the system chooses, and ends with its owner. Waiting is
//! always for a condition, with a deadline that only a hang can reach.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is a part of tests: what goes wrong here is to fail them, with its reason"
)]

pub mod checklist;
pub mod client_requests;
pub mod clients;
pub mod command;
pub mod conformance;
pub mod demo;
pub mod deployed;
pub mod docker_registry;
pub mod envoy;
pub mod envoy_module;
pub mod exported;
pub mod forms;
pub mod gate;
pub mod http;
pub mod keep_alive;
pub mod operator;
pub mod policies;
pub mod process;
pub mod proxy;
pub mod readers;
pub mod recorder;
pub mod registry;
pub mod served;
pub mod simulated;
pub mod small_host;
pub mod steady;
pub mod storm;
pub mod trials;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize()
        .expect("the tests lie in the repository")
}

/// Waits until `ready` gives something.
///
/// # Panics
/// If that takes longer than any honest wait on a busy machine.
pub fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited {DEADLINE:?} for {what}");
        // Not a guess at how long it takes: it only keeps the wait from taking a core.
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Only a hang takes this long, on the slowest machine this has to run on.
pub const DEADLINE: Duration = Duration::from_secs(180);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
