//! Timers and blocking threads by tokio.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::async_runtime::{AsyncRuntime, BlockingWork, Sleep};

/// Timers and blocking threads of a tokio runtime, whoever polls the layer's futures.
#[derive(Clone, Debug)]
pub struct TokioRuntime(Handle);

impl From<Handle> for TokioRuntime {
    fn from(handle: Handle) -> Self {
        Self(handle)
    }
}

impl AsyncRuntime for TokioRuntime {
    fn sleep(&self, time: Duration) -> Sleep {
        let _inside = self.0.enter();
        Box::pin(tokio::time::sleep(time))
    }

    fn now(&self) -> Instant {
        let _inside = self.0.enter();
        tokio::time::Instant::now().into_std()
    }

    fn run_blocking(&self, work: BlockingWork) {
        // The result comes by another way; a runtime that shuts down drops the work.
        drop(self.0.spawn_blocking(work));
    }
}
