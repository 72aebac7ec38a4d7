//! The time, which comes in from outside.

use std::fmt;
use std::time::Instant;

use jiff::Timestamp;

/// What tells a gate the time: rates and limits of keys depend on it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// A time that never steps back, for what is measured.
    fn monotonic(&self) -> Instant;

    /// The time of day, for what ends at a given time.
    fn wall(&self) -> Timestamp;
}

/// The clocks of this machine, for doors that have no others.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}
