//! GT keys: where they are read, and which one a request goes out with.
//!
//! | route | GT key | for keys with the purpose |
//! | --- | --- | --- |
//! | models, chat, embeddings, audio, images, and any other | `inference` | any |
//! | `/v1/datasets/…` | `upload` | upload |
//! | `/v1/conversations…`, and any request with `x-gt-conversation-id` | `conversation` | conversation |
//! | `/v1/files/…`, `/v1/uploads/…` | `conversation` if held, else `upload`; with both, the one that knows the file | either |
//!
//! A GT key for conversations or files never goes out for a key without the purpose, whatever a
//! policy says: the keyring's check of who shares it looks at purposes. Files are read again when
//! they change; one that cannot be used changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use signalbox_policy::Purpose;

use crate::config::CredentialSource;
use crate::digest::Digest;
use crate::keyring::Key;
use crate::watch::Watch;

pub use crate::secret::{CredentialProblem, Secret};

/// Every GT key of the host, by name.
#[derive(Debug, Default)]
pub struct Credentials(BTreeMap<String, Credential>);

#[derive(Debug)]
struct Credential {
    current: ArcSwap<Secret>,
    /// `None` for what cannot change: the environment, and what a program gave.
    watch: Option<Mutex<Watch>>,
}

/// What a request asks of GT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use<'a> {
    /// The template of the route it goes to.
    pub template: &'a str,
    /// Whether it carries `x-gt-conversation-id`.
    pub in_conversation: bool,
}

/// Why a request has no GT key to go out with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCredential {
    /// The key was not made for it: 403.
    #[error("the key was not made for this")]
    Purpose(Purpose),
    /// Nobody configured one: the operator's matter.
    #[error("no GT key is configured for the purpose `{}`", .0.word())]
    Missing(Purpose),
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

impl Credentials {
    /// Reads every GT key for the first time.
    ///
    /// # Errors
    /// If one cannot be used: a host does not start with fewer than it was told of.
    pub fn load(sources: &BTreeMap<String, CredentialSource>) -> Result<Self, CredentialError> {
        let open = |(name, source): (&String, &CredentialSource)| match Credential::open(source) {
            Ok(credential) => Ok((name.clone(), credential)),
            Err(problem) => Err(CredentialError {
                name: name.clone(),
                problem,
            }),
        };
        sources.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// The GT key a request goes out with.
    ///
    /// # Errors
    /// If the key was not made for it, or the operator configured none.
    pub fn for_request(&self, key: &Key, asked: Use<'_>) -> Result<Arc<Secret>, NoCredential> {
        let purpose = asked.purpose(key)?;
        self.0
            .get(key.credentials.name(purpose))
            .map(|credential| credential.current.load_full())
            .ok_or(NoCredential::Missing(purpose))
    }

    /// The GT key of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Secret>> {
        let credential = self.0.get(name)?;
        Some(credential.current.load_full())
    }

    /// The other GT key that may know a file: a key with both purposes uploads with two.
    pub(crate) fn second_for_file(&self, key: &Key, asked: Use<'_>) -> Option<Arc<Secret>> {
        if asked.in_conversation || !asked.template.starts_with("/v1/files/") {
            return None;
        }
        let held = |purpose| key.caller.purposes.contains(purpose);
        let first = key.credentials.name(Purpose::Conversation);
        let second = key.credentials.name(Purpose::Upload);
        if !held(Purpose::Conversation)
            || !held(Purpose::Upload)
            || self.identity(first) == self.identity(second)
        {
            return None;
        }
        self.0
            .get(second)
            .map(|credential| credential.current.load_full())
    }

    /// What a name stands for: equal for two names of one GT key.
    #[must_use]
    pub fn identity(&self, name: &str) -> Option<Digest> {
        self.0
            .get(name)
            .map(|credential| credential.current.load().identity())
    }

    /// The names there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Reads the files that have changed: the names of those taken over, and what went wrong.
    pub fn poll(&self) -> Vec<(&str, Result<(), CredentialError>)> {
        self.each(Credential::poll)
    }

    /// Reads every file now.
    pub fn reload(&self) -> Vec<(&str, Result<(), CredentialError>)> {
        self.each(Credential::reload)
    }

    fn each(
        &self,
        look: impl Fn(&Credential) -> Option<Result<(), CredentialProblem>>,
    ) -> Vec<(&str, Result<(), CredentialError>)> {
        let outcome = |(name, credential): (&'_ String, &Credential)| {
            let outcome = look(credential)?;
            Some(outcome.map_err(|problem| CredentialError {
                name: name.clone(),
                problem,
            }))
        };
        self.0
            .iter()
            .filter_map(|entry| outcome(entry).map(|outcome| (entry.0.as_str(), outcome)))
            .collect()
    }
}

impl Use<'_> {
    fn purpose(&self, key: &Key) -> Result<Purpose, NoCredential> {
        let held = |purpose| key.caller.purposes.contains(purpose);
        let only = |purpose| {
            if held(purpose) {
                Ok(purpose)
            } else {
                Err(NoCredential::Purpose(purpose))
            }
        };
        let is_under = |folder: &str| {
            let rest = self.template.strip_prefix(folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.in_conversation || is_under("/v1/conversations") {
            only(Purpose::Conversation)
        } else if is_under("/v1/datasets") {
            only(Purpose::Upload)
        } else if is_under("/v1/files") || is_under("/v1/uploads") {
            only(Purpose::Conversation).or_else(|_| only(Purpose::Upload))
        } else {
            Ok(Purpose::Inference)
        }
    }
}

impl Credential {
    fn open(source: &CredentialSource) -> Result<Self, CredentialProblem> {
        let (secret, watch) = match source {
            CredentialSource::Given(secret) => (secret.clone(), None),
            CredentialSource::Env(name) => {
                let text =
                    std::env::var(name).map_err(|_| CredentialProblem::Variable(name.clone()))?;
                (Secret::read(&text)?, None)
            }
            CredentialSource::File(path) => {
                let (watch, text) = open_file(path)?;
                (Secret::read(&text)?, Some(Mutex::new(watch)))
            }
        };
        Ok(Self {
            current: ArcSwap::from_pointee(secret),
            watch,
        })
    }

    fn poll(&self) -> Option<Result<(), CredentialProblem>> {
        let mut watch = self
            .watch
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(self.replace(watch.poll_text(LARGEST_FILE)?))
    }

    fn reload(&self) -> Option<Result<(), CredentialProblem>> {
        let mut watch = self
            .watch
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(self.replace(watch.read_text(LARGEST_FILE)))
    }

    fn replace(&self, text: std::io::Result<String>) -> Result<(), CredentialProblem> {
        let secret = Secret::read(&text.map_err(CredentialProblem::File)?)?;
        self.current.store(Arc::new(secret));
        Ok(())
    }
}

fn open_file(path: &Path) -> Result<(Watch, String), CredentialProblem> {
    Watch::open(path, LARGEST_FILE).map_err(CredentialProblem::File)
}

/// A key and some white space.
const LARGEST_FILE: u64 = 16_384;

#[cfg(test)]
mod tests;
