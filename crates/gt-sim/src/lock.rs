//! Locks that a panic does not close for good.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned lock still holds whole values: each critical section makes one change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
