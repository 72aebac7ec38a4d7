//! What the layer needs of the program's async runtime: time, and threads that may block.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// A future that is ready when a time has passed.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that may block its thread.
pub type BlockingWork = Box<dyn FnOnce() + Send>;

/// What the layer needs of the program's async runtime. The layer starts no task and no thread: what
/// has to wait or to block does so here.
///
/// With the feature `tokio`, `TokioRuntime` is one.
pub trait AsyncRuntime: fmt::Debug + Send + Sync {
    /// A future that is ready after `time`.
    fn sleep(&self, time: Duration) -> Sleep;

    /// Now, by the clock [`Self::sleep`] goes by.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Runs work on a thread that may block, and returns at once. Work that cannot be run is dropped:
    /// the request it was for is refused.
    fn run_blocking(&self, work: BlockingWork);
}
