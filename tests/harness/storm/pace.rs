//! Requests in step with swaps.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How far swaps and requests are.
#[derive(Debug)]
pub(super) struct Pace {
    connections: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    swaps: usize,
    allowed: usize,
    begun: usize,
    ended: usize,
    /// Requests that go on with the next swap.
    waiting: usize,
    stopped: bool,
}

impl Pace {
    pub(super) fn new(connections: usize) -> Self {
        Self {
            connections,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub(super) fn swapped(&self, requests: usize) {
        let mut state = self.lock();
        state.swaps += 1;
        state.allowed += requests;
        self.changed.notify_all();
        // Where most connections wait for a swap, they are not behind: it is their turn to wait.
        let is_behind = |state: &mut State| {
            !state.stopped
                && state.allowed - state.ended > FAR_BEHIND
                && state.waiting * 2 < self.connections
        };
        drop(self.changed.wait_while(state, is_behind));
    }

    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Waits until a request may be sent; `false` if no more are.
    pub(super) fn begin(&self) -> bool {
        let waits = |state: &mut State| !state.stopped && state.begun >= state.allowed;
        let state = self.changed.wait_while(self.lock(), waits);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.begun += 1;
        !state.stopped
    }

    pub(super) fn ended(&self) {
        self.lock().ended += 1;
        self.changed.notify_all();
    }

    pub(super) fn wait_for_a_swap(&self) {
        let mut state = self.lock();
        let before = state.swaps;
        state.waiting += 1;
        self.changed.notify_all();
        let waits = |state: &mut State| !state.stopped && state.swaps == before;
        let state = self.changed.wait_while(state, waits);
        state.unwrap_or_else(PoisonError::into_inner).waiting -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enough that no connection is ever idle, and little enough that requests end as swaps do.
const FAR_BEHIND: usize = 160;
