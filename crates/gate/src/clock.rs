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
