//! Where GT keys are read. Files are read again when they change; one that cannot be used changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::keys::Keys;
use crate::config::CredentialSource;
use crate::file_watcher::FileWatcher;

pub(crate) use signalbox_gate::{CredentialProblem, Credentials, Secret};

/// The files of GT keys, and the keys read from them.
#[derive(Debug)]
pub struct CredentialFiles {
    current: Arc<Credentials>,
    /// None for what cannot change: the environment, and what a program gave.
    files: BTreeMap<String, Mutex<FileWatcher>>,
    /// What was read and may not be taken over as things are: a change of the keyring, or of another
    /// GT key, may make it right.
    refused: Mutex<BTreeMap<String, Secret>>,
}

/// How reading a GT key again went, with its name.
pub(crate) type Read = (String, Result<(), CredentialError>);

/// Why a GT key cannot be used. Never says what was read.
#[derive(Debug, thiserror::Error)]
#[error("credential `{name}` cannot be used")]
pub struct CredentialError {
    /// Its name.
    pub name: String,
    /// Why.
    #[source]
    pub problem: CredentialProblem,
}

impl CredentialFiles {
    /// Reads every GT key for the first time.
    ///
    /// # Errors
    /// If one cannot be used: a host does not start with fewer than it was told of.
    pub fn load(sources: &BTreeMap<String, CredentialSource>) -> Result<Self, CredentialError> {
        let mut files = BTreeMap::new();
        let mut read = |(name, source): (&String, &CredentialSource)| {
            let opened = open(source).map_err(|problem| CredentialError {
                name: name.clone(),
                problem,
            });
            let (secret, watch) = opened?;
            files.extend(watch.map(|watch| (name.clone(), Mutex::new(watch))));
            Ok((name.clone(), secret))
        };
        let current = sources.iter().map(&mut read).collect::<Result<_, _>>()?;
        Ok(Self {
            current: Arc::new(current),
            files,
            refused: Mutex::default(),
        })
    }

    /// The keys as they are now.
    #[must_use]
    pub const fn current(&self) -> &Arc<Credentials> {
        &self.current
    }

    /// Reads the files that have changed: the names of those that `keys` took over, and what went
    /// wrong.
    pub fn poll(&self, keys: &Keys) -> Vec<Read> {
        self.each(keys, |watch| watch.poll_text(LARGEST_FILE))
    }

    /// Reads every file now.
    pub fn reload(&self, keys: &Keys) -> Vec<Read> {
        self.each(keys, |watch| Some(watch.read_text(LARGEST_FILE)))
    }

    fn each(
        &self,
        keys: &Keys,
        look: impl Fn(&mut FileWatcher) -> Option<std::io::Result<String>>,
    ) -> Vec<Read> {
        let (mut outcomes, mut read) = (Vec::new(), BTreeMap::new());
        // Held while files are read, so that an older key never replaces a newer one.
        let mut waiting = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, watch) in &self.files {
            let text = look(&mut watch.lock().unwrap_or_else(PoisonError::into_inner));
            let text = text.map(|text| text.map_err(CredentialProblem::File));
            match text.map(|text| text.and_then(|text| Secret::read(&text))) {
                None => {}
                Some(Ok(secret)) => drop(read.insert(name.clone(), secret)),
                Some(Err(problem)) => {
                    // What it was before is gone from the file.
                    waiting.remove(name);
                    outcomes.push(outcome(name, Err(problem)));
                }
            }
        }
        outcomes.extend(take(keys, &mut waiting, read));
        outcomes
    }
}

/// Takes over what was read, and what waits since earlier.
fn take(
    keys: &Keys,
    waiting: &mut BTreeMap<String, Secret>,
    read: BTreeMap<String, Secret>,
) -> Vec<Read> {
    let is_new: BTreeSet<String> = read.keys().cloned().collect();
    waiting.extend(read);
    if waiting.is_empty() {
        return Vec::new();
    }
    let mut refused = keys.take_credentials(waiting);
    let mut outcomes = Vec::new();
    waiting.retain(|name, _| match refused.remove(name) {
        None => {
            outcomes.push(outcome(name, Ok(())));
            false
        }
        Some(error) => {
            // What waits is told once.
            if is_new.contains(name) {
                let problem = CredentialProblem::Shared(error);
                outcomes.push(outcome(name, Err(problem)));
            }
            true
        }
    });
    outcomes
}

fn outcome(name: &str, taken: Result<(), CredentialProblem>) -> Read {
    let name = name.to_owned();
    let taken = taken.map_err(|problem| CredentialError {
        name: name.clone(),
        problem,
    });
    (name, taken)
}

fn open(source: &CredentialSource) -> Result<(Secret, Option<FileWatcher>), CredentialProblem> {
    match source {
        CredentialSource::Given(secret) => Ok((secret.clone(), None)),
        CredentialSource::Env(name) => {
            let text =
                std::env::var(name).map_err(|_| CredentialProblem::Variable(name.clone()))?;
            Ok((Secret::read(&text)?, None))
        }
        CredentialSource::File(path) => {
            let (watch, text) = open_file(path)?;
            Ok((Secret::read(&text)?, Some(watch)))
        }
    }
}

fn open_file(path: &Path) -> Result<(FileWatcher, String), CredentialProblem> {
    FileWatcher::open(path, LARGEST_FILE).map_err(CredentialProblem::File)
}

/// A key and some white space.
const LARGEST_FILE: u64 = 16_384;

#[cfg(test)]
mod tests;
