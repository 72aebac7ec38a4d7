//! GT's lists of models, as they are kept.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// GT's own lists, one for each of our keys, kept for a few seconds.
#[derive(Debug, Default)]
pub(crate) struct ModelLists(Mutex<HashMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    fetched: Instant,
    names: Arc<HashSet<String>>,
}

impl ModelLists {
    pub(crate) fn find(&self, credential: &str, keep: Duration) -> Option<Arc<HashSet<String>>> {
        let lists = self.lock();
        let kept = lists.get(credential)?;
        (kept.fetched.elapsed() < keep).then(|| Arc::clone(&kept.names))
    }

    /// There are as many as the gate has GT keys.
    pub(crate) fn keep(&self, credential: &str, names: &Arc<HashSet<String>>) {
        let kept = Kept {
            fetched: Instant::now(),
            names: Arc::clone(names),
        };
        self.lock().insert(credential.to_owned(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
