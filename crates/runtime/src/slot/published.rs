//! One value that anyone reads without waiting, and that writers replace one after the other.
//!
//! A test includes this file with a model checker's types in place of those in `sync`.

use std::sync::{Arc, PoisonError};

use super::sync::{ArcSwap, Mutex};

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

    /// Puts in its place what `make` makes of the value and of the last number given. No other
    /// writer comes between; if `make` fails, neither value nor number changes.
    pub(super) fn replace<E>(
        &self,
        make: impl FnOnce(&T, &mut u64) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given = *last;
        let value = Arc::new(make(&self.value.load_full(), &mut given)?);
        *last = given;
        let old = self.value.swap(Arc::clone(&value));
        drop(last);
        // What nobody uses any more takes its instances with it: no writer waits for that.
        drop(old);
        Ok(value)
    }
}
