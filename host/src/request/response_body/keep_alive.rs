//! Comments in a stream of events that has gone quiet, where the operator asks for them.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// When a quiet stream gets its next comment.
///
/// Load balancers close what is silent for a minute, and a model may think for longer. A comment is
/// nothing to a reader of events, but only between two of them: inside one GT has to go on itself.
#[derive(Debug)]
pub(super) struct KeepAlive {
    every: Duration,
    /// When the client last got something.
    spoke: Instant,
}

impl KeepAlive {
    /// A comment and the blank line after it, which is how streams with comments are written:
    /// readers that split at blank lines would take a comment alone for a part of the next event.
    pub(super) const COMMENT: Bytes = Bytes::from_static(b": keep-alive\n\n");

    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            spoke: Instant::now(),
        }
    }

    /// GT sent something.
    pub(super) const fn hears(&mut self, now: Instant) {
        self.spoke = now;
    }

    /// When the next comment is due, if nothing comes until then and no event is under way.
    pub(super) fn due(&self) -> Instant {
        self.spoke + self.every
    }

    /// Whether a comment is due now; if so it counts as sent.
    pub(super) fn speaks(&mut self, now: Instant) -> bool {
        let is_due = self.due() <= now;
        if is_due {
            self.spoke = now;
        }
        is_due
    }
}
