//! Where GT keys are read. Files are read again when they change; one that cannot be used changes
//! nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::CredentialSource;
use crate::file_watcher::FileWatcher;

pub(crate) use signalbox_gate::{CredentialProblem, Credentials, Secret};

/// The files of GT keys, and the keys read from them.
#[derive(Debug)]
pub struct CredentialFiles {
    current: Arc<Credentials>,
    /// None for what cannot change: the environment, and what a program gave.
    files: BTreeMap<String, Mutex<FileWatcher>>,
}

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
        })
    }

    /// The keys as they are now.
    #[must_use]
    pub const fn current(&self) -> &Arc<Credentials> {
        &self.current
    }

    /// Reads the files that have changed: the names of those taken over, and what went wrong.
    pub fn poll(&self) -> Vec<(&str, Result<(), CredentialError>)> {
        self.each(|watch| watch.poll_text(LARGEST_FILE))
    }

    /// Reads every file now.
    pub fn reload(&self) -> Vec<(&str, Result<(), CredentialError>)> {
        self.each(|watch| Some(watch.read_text(LARGEST_FILE)))
    }

    fn each(
        &self,
        look: impl Fn(&mut FileWatcher) -> Option<std::io::Result<String>>,
    ) -> Vec<(&str, Result<(), CredentialError>)> {
        let outcome = |(name, watch): (&'_ String, &Mutex<FileWatcher>)| {
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = self.take(name, look(&mut watch)?);
            Some(taken.map_err(|problem| CredentialError {
                name: name.clone(),
                problem,
            }))
        };
        self.files
            .iter()
            .filter_map(|entry| outcome(entry).map(|outcome| (entry.0.as_str(), outcome)))
            .collect()
    }

    fn take(&self, name: &str, text: std::io::Result<String>) -> Result<(), CredentialProblem> {
        let secret = Secret::read(&text.map_err(CredentialProblem::File)?)?;
        self.current.replace(name, secret);
        Ok(())
    }
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
