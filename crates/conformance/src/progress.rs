//! How far one step is, for those who wait for it: the client, GT, and what happens meanwhile.

use std::{
    fmt,
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use super::{PATIENCE, format::Seen};

/// What the two ends of one step know of each other.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    /// The body of the request at GT, as far as it came.
    pub(super) at_gt: Vec<u8>,
    /// The body of the answer at the client, as far as it came.
    pub(super) at_client: Vec<u8>,
    /// Whether an answer has begun, or none will.
    pub(super) has_begun: bool,
    /// Whether what happens meanwhile has happened.
    pub(super) meanwhile_is_over: bool,
    /// The requests GT was sent, in the order they began; `None` while one is coming.
    pub(super) seen: Vec<Option<Seen>>,
    /// How many of GT's scripts are being played.
    pub(super) playing: usize,
}

impl Progress {
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until something holds.
    pub(super) fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        assert!(
            self.comes_within(PATIENCE, holds),
            "waited for {what}: {:?}",
            self.state()
        );
    }

    /// Waits until something holds; `false` if it does not come to that.
    pub(super) fn comes_within(&self, time: Duration, holds: impl Fn(&State) -> bool) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.state(), time, |state| !holds(state));
        let (_guard, result) = waited.expect("nobody panics with it");
        !result.timed_out()
    }

    pub(super) fn until_client_has(&self, text: &str) {
        let what = format!("the client to have {text:?}");
        self.until(&what, |state| has(&state.at_client, text));
    }

    pub(super) fn until_gt_has(&self, text: &str) {
        self.until(&format!("GT to have {text:?}"), |state| {
            has(&state.at_gt, text)
        });
    }

    pub(super) fn client_has(&self, text: &str) -> bool {
        has(&self.state().at_client, text)
    }

    /// Every request, once none is being answered any more.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.until("GT to be done", |state| state.playing == 0);
        self.state().seen.iter().flatten().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    text.is_empty()
        || bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("at_gt", &String::from_utf8_lossy(&self.at_gt))
            .field("at_client", &String::from_utf8_lossy(&self.at_client))
            .field("seen", &self.seen)
            .field("playing", &self.playing)
            .finish_non_exhaustive()
    }
}
