//! GT's silence within a response.

use std::time::Duration;

use signalbox_gate::{AbortReason, LOOK, RelayBody};
use tokio::time::Instant;

use crate::door::StreamObserver;

/// When something is to be done about GT's silence.
#[derive(Debug)]
pub(crate) struct Quiet {
    end: Instant,
    look: Instant,
}

impl Quiet {
    pub(crate) fn new(idle: Duration) -> Self {
        let now = Instant::now();
        Self {
            end: now + idle,
            look: now + LOOK,
        }
    }

    pub(crate) fn until(&self) -> Instant {
        self.end.min(self.look)
    }

    pub(crate) fn look<O: StreamObserver>(
        &mut self,
        relay: &mut RelayBody<O>,
    ) -> Option<AbortReason> {
        let now = Instant::now();
        if now >= self.end {
            return Some(AbortReason::Quiet);
        }
        self.look = now + LOOK;
        relay.cancelled(now.into_std())
    }
}
