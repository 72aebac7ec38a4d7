//! What both sides of the gate share: where the play stands, and how many have come so far.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Where the play stands. Each act begins when the one before is over for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Streams are opened, and stay open.
    Open,
    /// GT sends another event on each.
    Tick,
    /// Everybody does what they came for.
    End,
    /// Who was slow goes on.
    Resume,
}

/// Seen from both sides of the gate.
#[derive(Debug)]
pub(super) struct Stage {
    act: watch::Sender<Act>,
    /// Clients that have their first event.
    pub(super) opened: AtomicUsize,
    /// Clients that have their second.
    pub(super) ticked: AtomicUsize,
    /// Clients that are done.
    pub(super) done: AtomicUsize,
    /// Connections on which GT saw the gate go away before it was done.
    pub(super) cancelled: AtomicUsize,
    /// Requests that GT has read.
    pub(super) asked: AtomicUsize,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            act: watch::Sender::new(Act::Open),
            opened: AtomicUsize::new(0),
            ticked: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        }
    }

    pub(super) fn begin(&self, act: Act) {
        self.act.send_replace(act);
    }

    /// Waits for an act, or a later one.
    pub(super) async fn reaches(&self, act: Act) {
        let mut now = self.act.subscribe();
        drop(now.wait_for(|now| *now >= act).await);
    }
}

pub(super) fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::SeqCst);
}

pub(super) fn counted(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}

/// What a request is about, from its `x-request-id`: `KIND-NUMBER`.
pub(super) fn kind_of(id: &str) -> &str {
    id.split('-').next().unwrap_or_default()
}
