//! `keys.yaml`: who may ask, and for what.
//!
//! A keyring holds digests, never tokens. It is checked as a whole: one bad entry and none of it is
//! used. Nothing blank, null or left out opens anything: `models` must be written, `datasets` left
//! out is the empty list, and everything is said with the word `all`. Expired and revoked keys stay
//! in it, so that their ids are not given away again, and open nothing.
//!
//! Ids of conversations and files open them to whoever knows them, as far as GT can tell: all it
//! sees is its own key. So a GT key used for these belongs to one key of the keyring, or to keys of
//! one `group`. Revoked and expired keys count: what they made is still there.

mod check;
mod error;
mod file;
mod grant;
mod sharing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use signalbox_policy::{Caller, Purpose};

pub use error::{KeyProblem, KeyringError};
pub use grant::Grant;

use crate::auth::digest::Digest;
use crate::auth::key_limits::KeyLimits;
use crate::auth::rate_limit::{KeyUsage, Limited, RequestPermit};
use crate::text::yaml::{Position, Shape};

/// Every key, by its token's digest.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: Vec<Arc<Key>>,
    by_token: HashMap<Digest, Arc<Key>>,
    by_id: HashMap<String, Arc<Key>>,
    warnings: Vec<String>,
}

/// One key.
#[derive(Debug)]
#[non_exhaustive]
pub struct Key {
    /// What a policy and the fences are told.
    pub caller: Arc<Caller>,
    /// The policy that decides for it.
    pub policy: String,
    /// What it may use at a time.
    pub limits: KeyLimits,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether it was ended.
    pub revoked: bool,
    /// Keys of one group may share GT keys for conversations and files.
    pub group: Option<String>,
    /// The names of the GT keys it uses.
    pub credentials: KeyCredentials,
    /// What it uses now.
    pub usage: Arc<KeyUsage>,
    opener: Opener,
    position: Position,
}

/// What opens a key.
#[derive(Debug)]
pub enum Opener {
    /// One token.
    Token(Digest),
    /// Nothing: callers who show a JWT are measured by it.
    Profile,
    /// A JWT that was verified, for one caller of a profile.
    Jwt(Grant),
}

/// The names of the GT keys a key uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCredentials {
    /// For models, chat, embeddings, audio and images.
    pub inference: String,
    /// For uploads into datasets.
    pub upload: String,
    /// For conversations.
    pub conversation: String,
}

/// Whether a key may be used.
///
/// Exhaustive on purpose: there is no third way to end a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// It may.
    Valid,
    /// Its time is over.
    Expired,
    /// It was ended.
    Revoked,
}

impl Keyring {
    /// Reads a keyring, with the built-in limits for keys that set none.
    ///
    /// # Errors
    /// If any of it cannot be used.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        Self::parse_after(text, KeyLimits::default(), &Self::default())
    }

    /// What its file may say: the keys and what each of them takes.
    #[must_use]
    pub fn shape() -> Shape {
        Shape::of::<file::File>()
    }

    /// Reads a keyring that replaces another: a key of the same id goes on with what it has used.
    ///
    /// # Errors
    /// If any of it cannot be used.
    pub fn parse_after(text: &str, unset: KeyLimits, before: &Self) -> Result<Self, KeyringError> {
        let file: file::File = crate::text::yaml::read(text).map_err(KeyringError::Syntax)?;
        let entries = file.keys.into_iter();
        let entries = entries.map(|entry| (Position::of(&entry), entry.value));
        Self::check(entries.collect(), unset, before)
    }

    fn check(
        entries: Vec<(Position, file::Entry)>,
        unset: KeyLimits,
        before: &Self,
    ) -> Result<Self, KeyringError> {
        let keyring = check::check(entries, unset, before)?;
        sharing::check_names(&keyring)?;
        Ok(keyring)
    }

    /// The key of a token. Its status is not looked at yet.
    #[must_use]
    pub fn lookup(&self, token: &str) -> Option<&Arc<Key>> {
        self.find(&Digest::of(token))
    }

    /// The key of a token's digest. Its status is not looked at yet.
    #[must_use]
    pub fn find(&self, token: &Digest) -> Option<&Arc<Key>> {
        // What takes a varying time here is the map: it hashes the digest under a key of its own and
        // compares it to the few in one place of the table. To learn from that how far a token is
        // right, one would have to choose its digest byte by byte, and SHA-256 lets nobody. What
        // says yes is compared in constant time all the same.
        self.by_token.get(token).filter(|key| match &key.opener {
            Opener::Token(own) => own.matches(token),
            Opener::Profile | Opener::Jwt(_) => false,
        })
    }

    /// The profile of an id.
    #[must_use]
    pub fn profile(&self, id: &str) -> Option<&Arc<Key>> {
        self.key(id).filter(|key| key.is_profile())
    }

    /// The key of an id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Arc<Key>> {
        self.by_id.get(id)
    }

    /// Every key, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Key>> {
        self.keys.iter()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none: then nobody gets in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What is allowed, but looks like a mistake.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The id of a key whose token is published in the documentation, if there is one.
    #[must_use]
    pub fn demo_key(&self) -> Option<&str> {
        DEMO_TOKENS
            .iter()
            .find_map(|token| self.lookup(token))
            .map(|key| &*key.caller.id)
    }

    /// Refuses keys whose tokens are published in the documentation.
    ///
    /// # Errors
    /// If there is one.
    pub fn check_demo_tokens(&self) -> Result<(), KeyringError> {
        let mut known = DEMO_TOKENS.iter().filter_map(|token| self.lookup(token));
        known.next().map_or(Ok(()), |key| {
            let (id, problem) = (&key.caller.id, KeyProblem::DemoToken);
            Err(check::entry_error(key.position, id, "sha256", problem))
        })
    }

    /// Checks what the keys say of GT keys against those there are. `identity` tells what a name
    /// stands for, so that two names for one GT key count as one.
    ///
    /// # Errors
    /// If a key names what is not there, or strangers would share conversations or files.
    pub fn check_credentials(
        &self,
        identity: &dyn Fn(&str) -> Option<Digest>,
    ) -> Result<(), KeyringError> {
        sharing::check_identities(self, identity)
    }
}

impl Key {
    /// Whether nobody is this key, but callers who show a JWT are measured by it.
    #[must_use]
    pub const fn is_profile(&self) -> bool {
        matches!(self.opener, Opener::Profile)
    }

    /// One caller of a profile.
    pub fn of_profile(profile: &Self, caller: Caller, usage: Arc<KeyUsage>, grant: Grant) -> Self {
        let ends = grant.ends();
        Self {
            caller: Arc::new(caller),
            policy: profile.policy.clone(),
            limits: profile.limits,
            expires: Some(profile.expires.map_or(ends, |expires| expires.min(ends))),
            revoked: profile.revoked,
            group: profile.group.clone(),
            credentials: profile.credentials.clone(),
            usage,
            opener: Opener::Jwt(grant),
            position: profile.position,
        }
    }

    /// What opens it.
    pub const fn opener(&self) -> &Opener {
        &self.opener
    }

    /// Where its entry begins in the file.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether it may be used.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked {
            KeyStatus::Revoked
        } else if self.is_expired(now) {
            KeyStatus::Expired
        } else {
            KeyStatus::Valid
        }
    }

    /// What a keyring has now of what opened this key: `None` if it would not open it any more.
    pub(crate) fn known_in<'k>(
        &self,
        keyring: &'k Keyring,
        now: Timestamp,
    ) -> Option<&'k Arc<Self>> {
        match &self.opener {
            Opener::Token(token) => keyring
                .find(token)
                .filter(|known| known.caller.id == self.caller.id),
            Opener::Jwt(grant) if grant.holds() && !self.is_expired(now) => {
                keyring.profile(grant.profile())
            }
            Opener::Jwt(_) | Opener::Profile => None,
        }
    }

    /// Takes one of its requests.
    ///
    /// # Errors
    /// If it has to wait.
    pub fn admit(&self, now: Instant) -> Result<RequestPermit, Limited> {
        self.usage.admit(&self.limits, now)
    }
}

impl KeyCredentials {
    /// The name for a purpose.
    #[must_use]
    pub fn name(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::Inference => &self.inference,
            Purpose::Upload => &self.upload,
            Purpose::Conversation => &self.conversation,
        }
    }
}

impl Default for KeyCredentials {
    fn default() -> Self {
        let word = |purpose: Purpose| purpose.word().to_owned();
        Self {
            inference: word(Purpose::Inference),
            upload: word(Purpose::Upload),
            conversation: word(Purpose::Conversation),
        }
    }
}

/// 100,000 keys are some 40 MiB; a larger file is not a keyring.
pub const LARGEST_FILE: u64 = 128 << 20;

/// Tokens of `signalbox demo`: everyone knows them.
pub const DEMO_TOKENS: [&str; 4] = [
    "gtak_demo",
    "gtak_demo_chat",
    "gtak_demo_upload",
    "gtak_demo_all",
];

#[cfg(test)]
mod tests;
