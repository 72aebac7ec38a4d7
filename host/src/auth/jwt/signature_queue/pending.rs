//! The checks that are waited for, and who waits for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use tokio::sync::{oneshot, watch};

use super::Signature;
use super::fair_queue::FairQueue;

/// What waits, and what is waited for.
pub(super) struct State<S: Signature> {
    pub(super) waiting: FairQueue<Waiting<S>>,
    /// What is waited for, so that others may wait for the same.
    pub(super) pending: HashMap<S::Id, Weak<Pending<S>>>,
    /// How many came so far.
    pub(super) came: u64,
    pub(super) is_closed: bool,
}

/// A check that one or several requests wait for.
pub(super) struct Pending<S> {
    pub(super) signature: S,
    pub(super) is_begun: AtomicBool,
    pub(super) outcome: watch::Sender<Option<bool>>,
}

/// A request's place in the queue.
pub(super) struct Waiting<S> {
    /// Tells it from the others.
    pub(super) number: u64,
    pub(super) pending: Arc<Pending<S>>,
    pub(super) place: oneshot::Sender<MadeWay>,
}

/// What a request is told that had to make way.
#[derive(Debug)]
pub(super) struct MadeWay;

impl<S: Signature> State<S> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            waiting: FairQueue::new(most),
            pending: HashMap::new(),
            came: 0,
            is_closed: false,
        }
    }

    /// The check of a signature: one that is waited for already, if there is one.
    pub(super) fn pending(&mut self, signature: S) -> Arc<Pending<S>> {
        let id = signature.id();
        if let Some(pending) = self.pending.get(&id).and_then(Weak::upgrade) {
            return pending;
        }
        let pending = Arc::new(Pending {
            signature,
            is_begun: AtomicBool::new(false),
            outcome: watch::Sender::new(None),
        });
        self.pending.insert(id, Arc::downgrade(&pending));
        pending
    }

    /// Forgets a check with the last who waited for it.
    pub(super) fn leave(&mut self, waiting: Waiting<S>) -> oneshot::Sender<MadeWay> {
        let Waiting { pending, place, .. } = waiting;
        // One that was begun is forgotten when it ends, and may have a successor by now.
        if Arc::strong_count(&pending) == 1 && !pending.is_begun.load(Relaxed) {
            self.pending.remove(&pending.signature.id());
        }
        place
    }
}
