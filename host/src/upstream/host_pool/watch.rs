//! What hears of connections that nobody uses.

use std::future::poll_fn;
use std::rc::Weak;
use std::task::{Context, Poll, Waker};

use tokio::task::AbortHandle;

use super::HostPool;
use crate::upstream::http1::Http1;

/// The one task that hears when GT closes a connection that is kept, or speaks on it. It ends when
/// this is dropped; the worker's `LocalSet` owns it.
#[derive(Debug)]
pub(super) struct Watch {
    task: AbortHandle,
    /// `None` until it has begun.
    waker: Option<Waker>,
}

impl Watch {
    /// Watches a connection from now on; whether it is worth keeping.
    pub(super) fn takes(&self, connection: &Http1) -> bool {
        let is_quiet = |waker| connection.is_quiet(&mut Context::from_waker(waker));
        self.waker.as_ref().is_none_or(is_quiet)
    }

    pub(super) fn begin(lane: Weak<HostPool>) -> Self {
        let watching = poll_fn(move |context| {
            let Some(lane) = lane.upgrade() else {
                return Poll::Ready(());
            };
            if let Some(watch) = &mut *lane.watch.borrow_mut() {
                watch.waker = Some(context.waker().clone());
            }
            lane.pool.borrow_mut().watch(context);
            Poll::Pending
        });
        Self {
            task: tokio::task::spawn_local(watching).abort_handle(),
            waker: None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
