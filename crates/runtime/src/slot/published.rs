//! One value that anyone reads without waiting, and that writers replace one after the other.
//!
//! A test includes this file with a model checker's types in place of those in `sync`.

use std::sync::{Arc, PoisonError};

use super::sync::{ArcSwap, Mutex, MutexGuard};

#[derive(Debug)]
pub(super) struct Published<T> {
    value: ArcSwap<T>,
    /// The last number given; also what makes writers wait for each other.
    last: Mutex<u64>,
}

impl<T> Published<T> {
    pub(super) fn new(value: T, last: u64) -> Self {
        Self {
            value: ArcSwap::from_pointee(value),
            last: Mutex::new(last),
        }
    }

    pub(super) fn load(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// What `make` makes of the value and of the last number given, to be put in its place. Other
    /// writers wait until it was, or was dropped: then neither value nor number has changed.
    pub(super) fn prepare<E>(
        &self,
        make: impl FnOnce(&T, &mut u64) -> Result<T, E>,
    ) -> Result<Next<'_, T>, E> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given = *last;
        let value = Arc::new(make(&self.value.load_full(), &mut given)?);
        Ok(Next {
            place: &self.value,
            last,
            given,
            value,
        })
    }
}

/// A value that is about to be published.
#[derive(Debug)]
pub(super) struct Next<'a, T> {
    place: &'a ArcSwap<T>,
    last: MutexGuard<'a, u64>,
    given: u64,
    value: Arc<T>,
}

impl<T> Next<'_, T> {
    pub(super) fn value(&self) -> &T {
        &self.value
    }

    pub(super) fn publish(mut self) -> Arc<T> {
        *self.last = self.given;
        let old = self.place.swap(Arc::clone(&self.value));
        drop(self.last);
        // What nobody uses any more takes its instances with it: no writer waits for that.
        drop(old);
        self.value
    }
}
