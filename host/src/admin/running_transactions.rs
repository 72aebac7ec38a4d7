//! The threads on which transactions run.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// The threads at work. A transaction that has begun goes on until it has ended: when the client
/// leaves, and when the host stops.
#[derive(Debug, Default)]
pub(super) struct RunningTransactions(Mutex<JoinSet<()>>);

impl RunningTransactions {
    /// Begins some work.
    pub(super) fn begin(&self, work: impl FnOnce() + Send + 'static) {
        let mut works = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A panic there has been reported by the panic hook already.
        while works.try_join_next().is_some() {}
        works.spawn_blocking(work);
    }

    /// Waits until all of it has ended.
    pub(super) async fn finish(&self) {
        let mut works = {
            let mut works = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *works)
        };
        while works.join_next().await.is_some() {}
    }
}
