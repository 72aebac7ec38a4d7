//! How far a worker is on its way out, and how those it concerns hear of it.
//!
//! Lives on one thread: reading the phase is one load of a cell, and whoever must act on a change
//! leaves its waker here.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::task::Waker;

/// How far a worker is on its way out; only ever grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All is as usual.
    Serving,
    /// Connections are still taken, but every answer asks its client to come back on another.
    Leaving,
    /// Nothing new is taken: idle connections close, requests in flight end in their own time.
    Draining,
    /// That time is over.
    Cutting,
}

/// A worker's phase and those who wait for it to change.
#[derive(Debug)]
pub(crate) struct Phases {
    current: Cell<Phase>,
    next: Cell<u64>,
    listeners: RefCell<HashMap<u64, Waker>>,
}

impl Phases {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            current: Cell::new(Phase::Serving),
            next: Cell::new(0),
            listeners: RefCell::default(),
        })
    }

    /// Moves on to `phase` and wakes everybody who listens.
    pub(crate) fn enter(&self, phase: Phase) {
        self.current.set(self.current.get().max(phase));
        for waker in self.listeners.borrow().values() {
            waker.wake_by_ref();
        }
    }

    pub(crate) fn current(&self) -> Phase {
        self.current.get()
    }

    /// Wakes `waker` at every change until the guard is dropped.
    pub(crate) fn listen(self: &Rc<Self>, waker: &Waker) -> Listener {
        let id = self.next.get();
        self.next.set(id + 1);
        self.listeners.borrow_mut().insert(id, waker.clone());
        Listener {
            phases: Rc::clone(self),
            id,
        }
    }
}

/// Ends the waking when dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    phases: Rc<Phases>,
    id: u64,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.phases.listeners.borrow_mut().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_listener_is_woken_at_each_change_until_it_is_dropped() {
        let phases = Phases::new();
        let count = Arc::new(Count::default());
        let listener = phases.listen(&Waker::from(Arc::clone(&count)));
        phases.enter(Phase::Leaving);
        phases.enter(Phase::Draining);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        drop(listener);
        phases.enter(Phase::Cutting);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_phase_never_goes_back() {
        let phases = Phases::new();
        phases.enter(Phase::Draining);
        phases.enter(Phase::Leaving);
        assert_eq!(phases.current(), Phase::Draining);
    }
}
