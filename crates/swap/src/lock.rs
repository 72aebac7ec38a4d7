//! Locks that a panic does not close for good.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a panic left behind is whole: everything is replaced in one piece.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
