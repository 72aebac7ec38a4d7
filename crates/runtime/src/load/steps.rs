//! Telling somebody which steps of a load are done.

use std::time::{Duration, Instant};

use super::Step;

/// The clock of a load.
pub(super) struct Steps<'t> {
    told: &'t mut dyn FnMut(Step, Duration),
    since: Instant,
}

impl<'t> Steps<'t> {
    pub(super) fn new(told: &'t mut dyn FnMut(Step, Duration)) -> Self {
        Self {
            told,
            since: Instant::now(),
        }
    }

    /// The step that was under way has passed. What the listener takes is no part of the next.
    pub(super) fn passed(&mut self, step: Step) {
        (self.told)(step, self.since.elapsed());
        self.since = Instant::now();
    }
}
