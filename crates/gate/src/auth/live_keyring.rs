//! The keyring in use, and its replacement.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};

use crate::auth::keyring::Keyring;

/// The keyring in use: one store replaces it, and no request waits for that.
#[derive(Debug)]
pub struct LiveKeyring {
    current: ArcSwap<Keyring>,
    /// How often it was replaced.
    revision: AtomicU64,
    /// What was in use before. A worker may have been about to look something up in it: it is let go
    /// of later, so that no request has to free a hundred thousand keys.
    retired: Mutex<Vec<Arc<Keyring>>>,
}

impl LiveKeyring {
    /// The first keyring.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        Self {
            current: ArcSwap::from_pointee(keyring),
            revision: AtomicU64::new(0),
            retired: Mutex::default(),
        }
    }

    /// The keyring in use.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Keyring>> {
        self.current.load()
    }

    /// The keyring in use, to keep.
    #[must_use]
    pub fn current_full(&self) -> Arc<Keyring> {
        self.current.load_full()
    }

    /// Replaces the keyring. The one before is kept until [`Self::free_retired`].
    pub fn replace(&self, keyring: Keyring) -> Arc<Keyring> {
        let keyring = Arc::new(keyring);
        let before = self.current.swap(Arc::clone(&keyring));
        // Afterwards: whoever sees the new number does not see the old keyring.
        self.revision.fetch_add(1, Release);
        self.lock_retired().push(before);
        keyring
    }

    /// Another number after each time it was replaced.
    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Acquire)
    }

    /// Frees the keyrings that were replaced and that nobody looks at any more.
    pub fn free_retired(&self) {
        let mut retired = self.lock_retired();
        let (kept, free) = std::mem::take(&mut *retired)
            .into_iter()
            .partition(|keyring: &Arc<Keyring>| Arc::strong_count(keyring) > 1);
        *retired = kept;
        drop(retired);
        drop::<Vec<_>>(free);
    }

    fn lock_retired(&self) -> MutexGuard<'_, Vec<Arc<Keyring>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replacement_is_another_revision() {
        let live = LiveKeyring::new(Keyring::default());
        let before = live.revision();
        live.replace(Keyring::default());
        assert_ne!(live.revision(), before);
    }
}
