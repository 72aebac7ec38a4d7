//! The state folder: what served, what may never serve again, and the components themselves, so
//! that a restart finds them.
//!
//! - The folder is ours alone (0700) and used by one process at a time; else it is refused.
//! - A file appears whole or not at all: it is written beside its place, synced, renamed, and the
//!   folder is synced. Whoever is killed in between leaves the old one, or the new one.
//! - What is read is what was written: `state.json` carries an HMAC, an object's name its digest.
//!   What does not match is an error that says what was damaged; it is never half used.
//!
//! ```text
//! lock             held while a process uses the folder; the number of that process
//! key              the secret of the HMAC, made once
//! state.json       what a host remembers, with its HMAC; there from before the key is
//! objects/         <sha256>.wasm: components
//! cache/           the runtime's own
//! ```

use std::{
    collections::BTreeSet,
    fs::File,
    path::{Path, PathBuf},
};

use signalbox_files::{Entry, FileError, Key, PrivateFolder};
use signalbox_runtime::Digest;

mod error;
mod remembered;
mod seal;

pub use error::{Damage, StateError};
pub use remembered::{Remembered, RememberedGeneration, RememberedPolicy};

/// The state folder: locked, or only [looked at](Self::preview).
///
/// Every call blocks until the disk has it. Calls may come from several threads; which of two
/// [writes](Self::write) at a time comes last is theirs to settle.
#[derive(Debug)]
pub struct State {
    folder: PrivateFolder,
    objects: PrivateFolder,
    key: Key,
    /// Unlocked when it closes, also by a kill. `None` changes nothing.
    lock: Option<File>,
}

impl State {
    /// Takes the folder: makes it if it does not exist, checks that it is ours alone, locks it, and
    /// sweeps what an interrupted write left. The folder above it has to exist.
    ///
    /// # Errors
    ///
    /// The folder is not ours alone, another process uses it, key or state is there without the
    /// other, or the disk refuses.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        let folder = PrivateFolder::open(folder)?;
        // Before anything is looked at: the temporary files of a process that lives are not ours.
        let lock = folder.lock(LOCK)?;
        let objects = folder.inside(OBJECTS)?;
        folder.sweep_temporary()?;
        objects.sweep_temporary()?;
        let key = match find_key(&folder)? {
            Some(key) => key,
            None => begin(&folder)?,
        };
        if !folder.has(KEY)? {
            folder.rename(FIRST_KEY, KEY)?;
        }
        Ok(Self {
            folder,
            objects,
            key,
            lock: Some(lock),
        })
    }

    /// Looks into a folder, also one that a host uses: nothing is made, locked or swept, and
    /// [`write`](Self::write), [`keep`](Self::keep) and [`sweep`](Self::sweep) change nothing. So
    /// swaps can be tried on what a host remembers. `None` if nothing was ever remembered there.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for another process that uses the folder.
    pub fn preview(folder: &Path) -> Result<Option<Self>, StateError> {
        let Some(folder) = PrivateFolder::find(folder)? else {
            return Ok(None);
        };
        let Some(key) = find_key(&folder)? else {
            return Ok(None);
        };
        let Some(objects) = folder.find_inside(OBJECTS)? else {
            return Err(StateError::ObjectMissing {
                path: folder.path_of(OBJECTS),
            });
        };
        Ok(Some(Self {
            folder,
            objects,
            key,
            lock: None,
        }))
    }

    /// What was written last; at first, that nothing was ever done.
    ///
    /// # Errors
    ///
    /// The file is missing, damaged, of another key or another format, or the disk refuses.
    pub fn read(&self) -> Result<Remembered, StateError> {
        let path = || self.folder.path_of(STATE);
        let Some(sealed) = self.folder.read(STATE, STATE_LIMIT)? else {
            return Err(StateError::StateMissing { path: path() });
        };
        let damaged = |damage| StateError::Damaged {
            path: path(),
            damage,
        };
        let payload = seal::unseal(&self.key, &sealed).map_err(damaged)?;
        serde_json::from_slice(payload).map_err(|error| damaged(Damage::Unreadable(error)))
    }

    /// Writes in place of what was written before. Of the history, the newest
    /// [`Remembered::HISTORY`] entries are kept, or fewer if they are very long.
    ///
    /// # Errors
    ///
    /// The disk refuses: it is full, for example. What was written before is still there, except
    /// after [`FileError::Unsettled`].
    pub fn write(&self, remembered: &Remembered) -> Result<(), StateError> {
        if self.lock.is_none() {
            return Ok(());
        }
        let mut remembered = remembered.bounded();
        loop {
            let sealed = sealed(&self.folder, &self.key, &remembered)?;
            // Never write what would not be read again.
            if sealed.len() <= STATE_LIMIT {
                return Ok(self.folder.replace(STATE, &sealed)?);
            }
            if remembered.history.is_empty() {
                return Err(too_large(self.folder.path_of(STATE), STATE_LIMIT));
            }
            remembered.history.truncate(remembered.history.len() / 2);
        }
    }

    /// Keeps a component. It stays until a [sweep](Self::sweep) does not name it.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the component is larger than any that is read again.
    pub fn keep(&self, component: &[u8]) -> Result<Digest, StateError> {
        let digest = Digest::of(component);
        let name = object(&digest);
        if component.len() > OBJECT_LIMIT {
            return Err(too_large(self.objects.path_of(&name), OBJECT_LIMIT));
        }
        if self.lock.is_none() {
            return Ok(digest);
        }
        let found = self.objects.read(&name, OBJECT_LIMIT);
        if matches!(found, Ok(Some(bytes)) if bytes == component) {
            // Whoever put it there may have been killed before the folder was synced.
            self.objects.sync()?;
        } else {
            self.objects.replace(&name, component)?;
        }
        Ok(digest)
    }

    /// A component that was kept.
    ///
    /// # Errors
    ///
    /// It is missing, its bytes have another digest, or the disk refuses.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, StateError> {
        let name = object(digest);
        let path = || self.objects.path_of(&name);
        let Some(bytes) = self.objects.read(&name, OBJECT_LIMIT)? else {
            return Err(StateError::ObjectMissing { path: path() });
        };
        if Digest::of(&bytes) != *digest {
            return Err(StateError::ObjectDamaged { path: path() });
        }
        Ok(bytes)
    }

    /// Removes the components that are not named, and says how many.
    ///
    /// Not while another thread is between [`keep`](Self::keep) and [`write`](Self::write), unless
    /// its component is named too.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn sweep(&self, used: &BTreeSet<Digest>) -> Result<usize, StateError> {
        if self.lock.is_none() {
            return Ok(0);
        }
        let used: BTreeSet<String> = used.iter().map(object).collect();
        let mut removed = 0;
        for Entry { name, .. } in self.objects.entries()? {
            let is_object = name
                .strip_suffix(".wasm")
                .is_some_and(|digest| digest.parse::<Digest>().is_ok());
            if is_object && !used.contains(&name) {
                self.objects.remove(&name)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Where the runtime's cache belongs; it makes and checks that folder itself.
    #[must_use]
    pub fn cache_folder(&self) -> PathBuf {
        self.folder.path_of("cache")
    }
}

/// The key of what is remembered; `None` if nothing is yet.
fn find_key(folder: &PrivateFolder) -> Result<Option<Key>, StateError> {
    let key = Key::find(folder, KEY)?;
    match (key, folder.has(STATE)?) {
        (Some(key), true) => Ok(Some(key)),
        // Going on without it would forget what was revoked.
        (Some(_), false) => Err(StateError::StateMissing {
            path: folder.path_of(STATE),
        }),
        (None, false) => Ok(None),
        // A first start may have ended just before its key was in place. Another key would make
        // what is there look foreign.
        (None, true) => match Key::find(folder, FIRST_KEY)? {
            Some(key) => Ok(Some(key)),
            None => Err(StateError::KeyMissing {
                path: folder.path_of(KEY),
            }),
        },
    }
}

/// Makes a key, and writes down that nothing was ever done. The key comes into its place behind
/// that: so one without a state tells that the state was lost.
fn begin(folder: &PrivateFolder) -> Result<Key, StateError> {
    let key = Key::open(folder, FIRST_KEY)?;
    let sealed = sealed(folder, &key, &Remembered::default())?;
    folder.replace(STATE, &sealed)?;
    Ok(key)
}

/// What is written to `state.json`.
fn sealed(
    folder: &PrivateFolder,
    key: &Key,
    remembered: &Remembered,
) -> Result<Vec<u8>, StateError> {
    let payload = serde_json::to_vec(remembered).map_err(|source| StateError::Unwritable {
        path: folder.path_of(STATE),
        source,
    })?;
    Ok(seal::seal(key, &payload))
}

fn too_large(path: PathBuf, limit: usize) -> StateError {
    FileError::TooLarge { path, limit }.into()
}

/// The file name of a component.
fn object(digest: &Digest) -> String {
    format!("{digest}.wasm")
}

const LOCK: &str = "lock";
const KEY: &str = "key";

/// The key, until there is a state.
const FIRST_KEY: &str = "key.first";
const STATE: &str = "state.json";
const OBJECTS: &str = "objects";

/// A full history with long messages has well under a megabyte; a file beyond this is none of ours.
const STATE_LIMIT: usize = 16 << 20;

/// Beyond any component a runtime is set to look at; bounds what a damaged folder makes us read.
const OBJECT_LIMIT: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// What another version with the same key would have written.
    #[test]
    fn what_this_version_does_not_understand_is_not_half_understood() {
        let root = tempfile::tempdir().unwrap();
        let state = State::open(&root.path().join("state")).unwrap();
        let known = serde_json::to_string(&Remembered::default()).unwrap();
        for payload in [
            known.replacen('{', "{\"forbidden\":[],", 1),
            known.replacen('{', "{\"last_entry\":1,", 1),
            known.replacen("\"revoked\":[]", "\"revoked\":[\"00\"]", 1),
            "{}".to_owned(),
            String::new(),
        ] {
            let sealed = seal::seal(&state.key, payload.as_bytes());
            state.folder.replace(STATE, &sealed).unwrap();
            let error = state.read().unwrap_err();
            let StateError::Damaged { damage, .. } = &error else {
                panic!("{payload}: {error}");
            };
            assert!(matches!(damage, Damage::Unreadable(_)), "{damage}");
            assert!(error.help().contains("the version of signalbox"));
        }
        let sealed = seal::seal(&state.key, known.as_bytes());
        state.folder.replace(STATE, &sealed).unwrap();
        assert_eq!(state.read().unwrap(), Remembered::default());
    }
}
