//! How many connections one worker may have to one host, and who hears when one is free again.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;

/// The places of a worker for connections to one host.
#[derive(Debug)]
pub(super) struct ConnectionLimit {
    free: Cell<usize>,
    /// TimerEvent when a place, or a connection, is free again; shared by all hosts of the worker.
    freed: Rc<Notify>,
}

/// A connection's place, until the connection is closed.
#[derive(Debug)]
pub(super) struct Place(Rc<ConnectionLimit>);

impl ConnectionLimit {
    pub(super) fn new(count: usize, freed: Rc<Notify>) -> Rc<Self> {
        Rc::new(Self {
            free: Cell::new(count),
            freed,
        })
    }

    pub(super) fn take(self: &Rc<Self>) -> Option<Place> {
        self.free.set(self.free.get().checked_sub(1)?);
        Some(Place(Rc::clone(self)))
    }

    /// Somebody may go on: a connection has come back.
    pub(super) fn ring(&self) {
        self.freed.notify_one();
    }

    /// Many may: there is a connection that they can share.
    pub(super) fn ring_all(&self) {
        self.freed.notify_waiters();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get() + 1);
        self.0.ring();
    }
}
