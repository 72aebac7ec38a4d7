//! Tokens that were checked.
//!
//! By the digest of the token, so that nothing of it is kept. Bounded by number and by bytes; what
//! is asked for outlives what is not. Whether a token still holds is asked at every request: its
//! time, its profile and the key it was signed with may be over while it lies here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::counter::Counter;
use signalbox_policy::Names;

use super::claims::Claims;
use super::key_set::Signer;
use signalbox_gate::Digest;
use signalbox_gate::keyring::Key;

/// A token that was checked.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) key: Arc<Key>,
    /// The profile it was measured by, as it was then.
    pub(super) profile: Arc<Key>,
    pub(super) claims: Arc<Claims>,
    pub(super) signer: Arc<Signer>,
    /// Counts how often it was found.
    pub(super) cached: Counter,
}

/// Tokens that were checked.
#[derive(Debug, Default)]
pub(super) struct Checks([Mutex<CacheShard>; SHELVES]);

#[derive(Debug, Default)]
struct CacheShard {
    entries: HashMap<Digest, Entry>,
    /// In the order in which they came or were last passed over.
    order: VecDeque<Digest>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    checked: Checked,
    bytes: usize,
    is_asked_for: bool,
}

impl Checks {
    pub(super) fn find(&self, digest: &Digest) -> Option<Checked> {
        let mut shelf = self.shelf(digest);
        let entry = shelf.entries.get_mut(digest)?;
        if !entry.checked.signer.is_in_use() {
            return None;
        }
        entry.is_asked_for = true;
        Some(entry.checked.clone())
    }

    pub(super) fn keep(&self, digest: Digest, checked: Checked) {
        let bytes = size(&checked);
        let mut shelf = self.shelf(&digest);
        let entry = Entry {
            checked,
            bytes,
            is_asked_for: false,
        };
        match shelf.entries.insert(digest, entry) {
            Some(before) => shelf.bytes -= before.bytes,
            None => shelf.order.push_back(digest),
        }
        shelf.bytes += bytes;
        let gone = shelf.make_room();
        // Freed by whoever came, but not while others wait.
        drop(shelf);
        drop(gone);
    }

    fn shelf(&self, digest: &Digest) -> MutexGuard<'_, CacheShard> {
        let [first, ..] = &self.0;
        let shelf = self.0.get(digest.part(SHELVES)).unwrap_or(first);
        shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheShard {
    fn make_room(&mut self) -> Vec<Entry> {
        let mut gone = Vec::new();
        while self.entries.len() > MOST / SHELVES || self.bytes > MOST_BYTES / SHELVES {
            let Some(digest) = self.order.pop_front() else {
                break;
            };
            match self.entries.get_mut(&digest) {
                // A second chance, once.
                Some(entry) if entry.is_asked_for => {
                    entry.is_asked_for = false;
                    self.order.push_back(digest);
                }
                _ => {
                    if let Some(entry) = self.entries.remove(&digest) {
                        self.bytes -= entry.bytes;
                        gone.push(entry);
                    }
                }
            }
        }
        gone
    }
}

/// About what an entry takes: texts, and what they are written in.
fn size(checked: &Checked) -> usize {
    let names = |names: &Names| match names {
        Names::All => 0,
        Names::Only(list) => texts(list),
    };
    let list = |list: &Option<Vec<String>>| list.as_deref().map_or(0, texts);
    let labels = |labels: &[(String, String)]| {
        let bytes = |(name, text): &(String, String)| name.len() + text.len() + 2 * TEXT;
        labels.iter().map(bytes).sum::<usize>()
    };
    let (caller, claims) = (&checked.key.caller, &checked.claims);
    ENTRY
        + 2 * caller.id.len()
        + texts(&caller.scopes)
        + labels(&caller.labels)
        + names(&caller.models)
        + names(&caller.published)
        + names(&caller.datasets)
        + list(&claims.scopes)
        + list(&claims.models)
        + list(&claims.published)
        + list(&claims.datasets)
        + labels(&claims.labels)
}

fn texts(list: &[String]) -> usize {
    list.iter().map(|text| text.len() + TEXT).sum()
}

/// A power of two: so many requests may look at once.
const SHELVES: usize = 16;
/// More callers than one host serves within the hour that tokens live.
const MOST: usize = 65_536;
/// All of them together.
const MOST_BYTES: usize = 64 << 20;
/// An entry whose texts are empty.
const ENTRY: usize = 1_024;
/// A text that is empty, and what the allocator adds.
const TEXT: usize = 40;

#[cfg(test)]
mod tests;
