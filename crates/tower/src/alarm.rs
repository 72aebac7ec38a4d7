//! Until when something is waited for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use signalbox_gate::LOOK;

use crate::async_runtime::{AsyncRuntime, Sleep};

/// Rings when a time has come, and never where there is no runtime to tell.
pub(crate) struct Alarm {
    runtime: Option<Arc<dyn AsyncRuntime>>,
    /// Kept while the time it is set for moves on: it rings early then, and is set again.
    sleep: Option<Sleep>,
}

impl Alarm {
    pub(crate) fn new(runtime: Option<&Arc<dyn AsyncRuntime>>) -> Self {
        Self {
            runtime: runtime.cloned(),
            sleep: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        match &self.runtime {
            Some(runtime) => runtime.now(),
            None => Instant::now(),
        }
    }

    /// Ready once `due` has come, with the time it is then; a `due` that was moved forward is noticed
    /// within [`LOOK`].
    pub(crate) fn poll(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<Instant> {
        let Some(runtime) = &self.runtime else {
            return Poll::Pending;
        };
        loop {
            let now = runtime.now();
            if now >= due {
                return Poll::Ready(now);
            }
            let time = due.saturating_duration_since(now).min(LOOK);
            let sleep = self.sleep.get_or_insert_with(|| runtime.sleep(time));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Alarm")
            .field("is_set", &self.sleep.is_some())
            .finish_non_exhaustive()
    }
}
