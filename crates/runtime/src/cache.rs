//! Machine code kept between starts, so that a policy that was compiled once need not be again.
//!
//! Machine code is run as it is: who can plant it owns the process. So an entry is authenticated
//! with a key that is in the folder too, in a file nobody else may read, and the folder must be
//! ours and closed to others. That keeps out damage, entries from elsewhere and whoever can write
//! into the folder and not read the key; it cannot keep out somebody with this user's rights.
//!
//! An entry is read whole, checked, and used from the bytes that were checked: what becomes of the
//! file meanwhile does not matter. What does not pass is removed and compiled afresh.

pub(crate) mod entry;
pub(crate) mod environment;

use std::{
    cmp::Reverse,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use signalbox_files::{FileError, Key, PrivateFolder, is_temporary};
use wasmtime::{Engine, component::Component};

use self::{
    entry::{ENTRY, Name},
    environment::Environment,
};
use crate::{
    Digest,
    revive::{OwnCode, revive},
};

/// A folder of compiled components. Cheap to clone; processes may share the folder.
///
/// Nothing that goes wrong with it fails a load: [`Plugin::cached`](crate::Plugin::cached) and
/// [`Cache::counts`] say what became of it.
#[derive(Clone)]
pub struct Cache {
    store: Arc<Store>,
    bounds: Bounds,
}

struct Store {
    folder: PrivateFolder,
    key: Key,
    hits: AtomicU64,
    misses: AtomicU64,
    rejected: AtomicU64,
    unwritten: AtomicU64,
}

/// What the folder may hold.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    entries: usize,
    bytes: usize,
}

impl Cache {
    /// Opens a folder, which is made if it is not there, and reads its key, which is made if
    /// there is none. It may hold 64 entries and 512 MiB.
    ///
    /// # Errors
    /// The folder, or its key, is not this user's alone, is a link, or cannot be read. There is no
    /// cache then: nothing in such a folder can be relied on.
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        let folder = PrivateFolder::open(folder)?;
        let key = Key::open(&folder, "key")?;
        let store = Store {
            folder,
            key,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
        };
        Ok(Self {
            store: Arc::new(store),
            bounds: Bounds {
                entries: 64,
                bytes: 512 << 20,
            },
        })
    }

    /// The same, but with room for so many entries, of so many bytes together. Those that were not
    /// used for the longest go first.
    #[must_use]
    pub fn bounded(self, entries: usize, bytes: usize) -> Self {
        Self {
            bounds: Bounds { entries, bytes },
            ..self
        }
    }

    /// What became of what was asked of it, since it was opened.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        let store = &self.store;
        CacheCounts {
            hits: store.hits.load(Relaxed),
            misses: store.misses.load(Relaxed),
            rejected: store.rejected.load(Relaxed),
            unwritten: store.unwritten.load(Relaxed),
        }
    }

    /// The machine code of a component, if it is here and is what this engine made.
    pub(crate) fn find(
        &self,
        engine: &Engine,
        environment: Environment,
        digest: Digest,
    ) -> (Option<Component>, Cached) {
        let store = &self.store;
        let name = Name::new(environment, digest);
        match self.revived(engine, &name) {
            Ok(component) => {
                store.hits.fetch_add(1, Relaxed);
                (Some(component), Cached::Hit)
            }
            Err(NotRevived::Missing) => {
                store.misses.fetch_add(1, Relaxed);
                (None, Cached::Missed)
            }
            Err(NotRevived::Rejected) => {
                store.rejected.fetch_add(1, Relaxed);
                // What cannot be removed stays refused.
                let _stays = store.folder.remove(&name.file());
                (None, Cached::Rejected)
            }
        }
    }

    /// Keeps the machine code of a component that passed every step.
    pub(crate) fn keep(&self, environment: Environment, digest: Digest, component: &Component) {
        let name = Name::new(environment, digest);
        if self.written(&name, component).is_none() {
            self.store.unwritten.fetch_add(1, Relaxed);
        }
    }

    fn revived(&self, engine: &Engine, name: &Name) -> Result<Component, NotRevived> {
        let store = &self.store;
        let file = name.file();
        let bytes = match store.folder.read(&file, self.bounds.bytes) {
            Ok(Some(bytes)) => bytes,
            // An entry that is not there, or cannot be read right now, is not a bad one.
            Ok(None) | Err(FileError::Denied { .. } | FileError::Disk { .. }) => {
                return Err(NotRevived::Missing);
            }
            Err(_) => return Err(NotRevived::Rejected),
        };
        // Only the order in which entries go depends on it.
        let _unused = store.folder.touch(&file);
        let code = entry::verify(&store.key, name, bytes).ok_or(NotRevived::Rejected)?;
        revive(engine, OwnCode::Sealed(&code)).map_err(|_| NotRevived::Rejected)
    }

    fn written(&self, name: &Name, component: &Component) -> Option<()> {
        let store = &self.store;
        let entry = entry::seal(&store.key, name, &component.serialize().ok()?);
        if entry.len() > self.bounds.bytes {
            return None;
        }
        let file = name.file();
        store.folder.replace(&file, &entry).ok()?;
        self.trim(&file).ok()
    }

    /// Removes the entries that were not used for the longest, until the rest is within bounds.
    /// What processes that ended while they wrote have left counts as well. `newest` stays: the
    /// clock of the file system may not tell it from others.
    fn trim(&self, newest: &str) -> Result<(), FileError> {
        let mut all = self.store.folder.entries()?;
        all.retain(|entry| entry.name.ends_with(ENTRY) || is_temporary(&entry.name));
        all.sort_by_key(|entry| Reverse((entry.name == newest, entry.modified)));
        let (mut total, most) = (0_u64, self.bounds.bytes as u64);
        for (place, entry) in all.iter().enumerate() {
            total = total.saturating_add(entry.size);
            let fits = place < self.bounds.entries && total <= most;
            if !fits && entry.name != newest {
                // What cannot be removed is tried again with the next entry.
                let _stays = self.store.folder.remove(&entry.name);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Cache {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("folder", &self.store.folder)
            .field("bounds", &self.bounds)
            .field("counts", &self.counts())
            .finish()
    }
}

enum NotRevived {
    Missing,
    Rejected,
}

/// What a cache had of a component that was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cached {
    /// Its machine code, which is what is used.
    Hit,
    /// Nothing: it was compiled.
    Missed,
    /// An entry that is damaged or not ours. It was removed, and the component compiled.
    Rejected,
    /// It was not asked: another plugin of this runtime has the same component, and they share its
    /// machine code.
    Shared,
}

/// What became of what was asked of a [`Cache`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCounts {
    /// Components whose machine code was there.
    pub hits: u64,
    /// Components that were not there.
    pub misses: u64,
    /// Entries that were removed because they were damaged or not ours.
    pub rejected: u64,
    /// Entries that could not be written.
    pub unwritten: u64,
}
