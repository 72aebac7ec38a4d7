//! Plays exchanges against a door: what a client sends and gets, what GT is sent and answers, and what is recorded
//! of it. `tests/conformance/README.md` has the format.
//!
//! Nothing here knows how a door is made: it is an address, a way to swap a policy, and a way to read a decision
//! record.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is a part of tests: what goes wrong is to fail an exchange, with its reason"
)]

mod client;
mod compare;
mod deviations;
mod door;
mod format;
mod framed;
mod gt;
mod http1;
mod http2;
mod message;
mod normal;
mod play;
mod printed;
mod progress;
mod promise;
mod table;
mod topic;
mod written;

use std::{fmt::Debug, net::SocketAddr, time::Duration};

use serde_json::Value;

pub use compare::differences;
pub use deviations::{All, AtGt, Deviations, NotPlayed, Otherwise, Uncompared, Which, doors};
pub use door::{Verdict, play_door, verdicts};
pub use format::{Answer, Exchange, Expected, Seen, Step, Topic, Version};
pub use gt::Gt;
pub use play::Stage;
pub use promise::Promise;
pub use table::table;
pub use topic::{Suite, Unreadable, check, is_as_printed, rewrite};
pub use written::Written;

/// What is put in front of GT. It ends when it is dropped.
pub trait Door: Debug {
    /// Where clients connect, without TLS.
    fn address(&self) -> SocketAddr;

    /// Lets a component serve under the name of a policy from the next request on.
    fn swap(&self, policy: &str, component: &[u8]);

    /// What was recorded under the decision id that a client was told; `None` if there is nothing.
    fn record(&self, decision: &str) -> Option<Value>;

    /// Whether it keeps records at all. For a door that does not, none are expected.
    fn keeps_records(&self) -> bool {
        true
    }
}

/// Nothing on loopback takes longer, however busy the machine: what waits so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a door is started, with what the configuration of a topic says, and GT behind it.
pub type Start<'a> = &'a dyn Fn(&Topic) -> Stage;
