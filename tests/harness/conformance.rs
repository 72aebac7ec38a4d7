//! Plays the exchanges of `tests/conformance` against a door: what a client sends and gets, what GT
//! is sent and answers, and what is recorded of it. `tests/conformance/README.md` has the format.
//!
//! Nothing here knows how a door is made: it is an address, a way to swap a policy, and a way to
//! read a decision record.

mod client;
mod compare;
mod deviations;
mod door;
mod files;
mod fixture;
mod format;
mod framed;
mod gated;
mod gt;
mod host;
mod http1;
mod http2;
mod message;
mod normal;
mod play;
mod printed;
mod progress;
mod promise;
mod proxied;
mod small;
mod table;
mod topic;
mod topics;
mod tower;
mod written;

use std::{fmt::Debug, net::SocketAddr, time::Duration};

use serde_json::Value;

pub use compare::differences;
pub use deviations::{All, AtGt, Deviations, NotPlayed, Otherwise, Uncompared, Which, doors};
pub use door::play_door;
pub use files::folder;
pub use fixture::{Fixture, Guests};
pub use format::{Answer, Exchange, Expected, Seen, Step, Topic, Version};
pub use host::HostDoor;
pub use play::Stage;
pub use promise::Promise;
pub use proxied::ProxiedDoor;
pub use small::SmallDoor;
pub use table::table;
pub use topic::{check, is_as_printed, names, read, rewrite};
pub use tower::TowerDoor;

/// What is put in front of GT. It is started with a [`Fixture`] and ends when it is dropped.
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

/// How a door is started.
pub type Open<'a> = &'a dyn Fn(&Fixture) -> Box<dyn Door>;
