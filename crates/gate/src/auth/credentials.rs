//! GT keys, and which one a request goes out with.
//!
//! | route, by the purposes it has in GT's table | GT key | for keys with the purpose |
//! | --- | --- | --- |
//! | inference: models, chat, embeddings, audio, images | `inference` | any |
//! | upload: `/v1/datasets/…` | `upload` | upload |
//! | conversation: `/v1/conversations…`, and any request with `x-gt-conversation-id` | `conversation` | conversation |
//! | both: `/v1/files/…` | `conversation` if held, else `upload`; with both, the one that knows the file | either |
//!
//! A GT key for conversations or files never goes out for a key without the purpose, whatever a
//! policy says: the keyring's check of who shares it looks at purposes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use arc_swap::ArcSwap;
use signalbox_policy::{Purpose, Purposes};

use crate::auth::digest::Digest;
use crate::auth::keyring::Key;
use crate::auth::secret::Secret;

/// Every GT key, by name. The names are fixed; what they stand for may be replaced at any time.
#[derive(Debug, Default)]
pub struct Credentials {
    by_name: BTreeMap<String, ArcSwap<Secret>>,
    /// How often one was replaced.
    revision: AtomicU64,
}

/// A GT key and its name.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) name: Arc<str>,
    pub(crate) secret: Arc<Secret>,
}

/// What a request asks of GT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// What GT's table says that the path is for.
    pub purposes: Purposes,
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

impl Credentials {
    /// Replaces the GT key of a name; `false` if there is no such name.
    pub fn replace(&self, name: &str, secret: Secret) -> bool {
        let slot = self.by_name.get(name);
        let replaced = slot.map(|slot| slot.store(Arc::new(secret)));
        // Afterwards: whoever sees the new number does not see the old key.
        self.revision.fetch_add(1, Release);
        replaced.is_some()
    }

    /// Another number after each time one was replaced.
    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Acquire)
    }

    /// The name of the GT key a request goes out with, and the key.
    ///
    /// # Errors
    /// If the key was not made for it, or the operator configured none.
    pub fn for_request<'k>(
        &self,
        key: &'k Key,
        asked: Use,
    ) -> Result<(&'k str, Arc<Secret>), NoCredential> {
        let purpose = asked.purpose(key)?;
        let name = key.credentials.name(purpose);
        let secret = self.named(name).ok_or(NoCredential::Missing(purpose))?;
        Ok((name, secret))
    }

    /// The GT key of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Secret>> {
        self.by_name.get(name).map(ArcSwap::load_full)
    }

    /// The other GT key that may know a file: a key with both purposes uploads with two.
    #[must_use]
    pub fn second_for_file<'k>(&self, key: &'k Key, asked: Use) -> Option<(&'k str, Arc<Secret>)> {
        let may_be_either = |purpose| asked.purposes.contains(purpose);
        if asked.in_conversation
            || !may_be_either(Purpose::Conversation)
            || !may_be_either(Purpose::Upload)
        {
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
        Some((second, self.named(second)?))
    }

    /// What a name stands for: equal for two names of one GT key.
    #[must_use]
    pub fn identity(&self, name: &str) -> Option<Digest> {
        self.by_name
            .get(name)
            .map(|secret| secret.load().identity())
    }

    /// The names there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl Credential {
    pub(crate) fn new((name, secret): (&str, Arc<Secret>)) -> Self {
        Self {
            name: name.into(),
            secret,
        }
    }
}

impl FromIterator<(String, Secret)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(all: I) -> Self {
        let slot = |(name, secret)| (name, ArcSwap::from_pointee(secret));
        Self {
            by_name: all.into_iter().map(slot).collect(),
            revision: AtomicU64::new(0),
        }
    }
}

impl Use {
    fn purpose(&self, key: &Key) -> Result<Purpose, NoCredential> {
        let held = |purpose| key.caller.purposes.contains(purpose);
        let only = |purpose| {
            if held(purpose) {
                Ok(purpose)
            } else {
                Err(NoCredential::Purpose(purpose))
            }
        };
        let is_for = |purpose| self.purposes.contains(purpose);
        if self.in_conversation {
            only(Purpose::Conversation)
        } else if is_for(Purpose::Inference) {
            Ok(Purpose::Inference)
        } else if is_for(Purpose::Conversation) && is_for(Purpose::Upload) {
            only(Purpose::Conversation).or_else(|_| only(Purpose::Upload))
        } else if is_for(Purpose::Upload) {
            only(Purpose::Upload)
        } else {
            only(Purpose::Conversation)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replacement_is_another_revision() {
        let secret = || Secret::read("gtak_x").unwrap();
        let all = Credentials::from_iter([("inference".to_owned(), secret())]);
        let before = all.revision();
        assert!(all.replace("inference", secret()));
        assert_ne!(all.revision(), before);
    }
}
