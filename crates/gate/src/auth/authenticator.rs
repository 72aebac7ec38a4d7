//! From a token to the key it opens.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::auth::keyring::{Key, KeyStatus, Keyring, Opener};
use crate::auth::live_keyring::LiveKeyring;

/// What is known of JWTs: tokens that no entry of the keyring opens by itself.
///
/// A signature takes up to milliseconds and anybody can send a forged one, so it is not checked here:
/// for what is not known the gate says [`Step::VerifyToken`](crate::Step::VerifyToken).
pub trait TokenVerifier: fmt::Debug + Send + Sync {
    /// Whether a token is one of those it verifies. What is not is looked up in the keyring.
    fn takes(&self, token: &str) -> bool;

    /// What is known of a token without checking its signature; a key is a profile of `keyring`, with
    /// its rights or fewer.
    fn look_up(&self, token: &str, keyring: &Keyring) -> TokenLookup;
}

/// What is known of a token.
///
/// Exhaustive on purpose: the gate goes on in another way for each.
#[derive(Debug)]
pub enum TokenLookup {
    /// The key it opens, whether that may be used or not.
    Key(Arc<Key>),
    /// It opens nothing.
    Refused,
    /// It has to be verified first.
    Unverified,
}

/// Why a token that was to be verified opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefused {
    /// It does not verify: 401.
    #[error("the token does not verify")]
    Invalid,
    /// There was no time to verify it: 503.
    #[error("the token could not be verified in time")]
    Busy,
}

/// Everything that names a caller.
#[derive(Debug)]
pub struct Authenticator {
    keyring: Arc<LiveKeyring>,
    tokens: Option<Arc<dyn TokenVerifier>>,
}

impl Authenticator {
    /// Looks tokens up in `keyring`, and asks `tokens` about those that are not looked up.
    #[must_use]
    pub fn new(keyring: Arc<LiveKeyring>, tokens: Option<Arc<dyn TokenVerifier>>) -> Self {
        Self { keyring, tokens }
    }

    /// The keyring at this moment.
    #[must_use]
    pub fn keyring(&self) -> Arc<Keyring> {
        self.keyring.current_full()
    }

    /// Another number after each time the keyring was replaced.
    pub(crate) fn keyring_revision(&self) -> u64 {
        self.keyring.revision()
    }

    /// What a token opens. A JWT is never looked up in the keyring and nothing else is ever verified,
    /// so that no token means two things.
    #[must_use]
    pub fn look_up(&self, token: &str) -> TokenLookup {
        let keyring = self.keyring.current();
        match &self.tokens {
            Some(tokens) if tokens.takes(token) => tokens.look_up(token, &keyring),
            _ => match keyring.lookup(token) {
                Some(key) => TokenLookup::Key(Arc::clone(key)),
                None => TokenLookup::Refused,
            },
        }
    }

    /// Whether a key that a door brought for a token opens something at this moment: the keyring, the
    /// issuer's keys and the time may have gone on while the signature was checked.
    pub(crate) fn admits_verified(&self, key: &Key, now: Timestamp) -> bool {
        matches!(key.opener(), Opener::Jwt(_)) && self.still_admits(key, now)
    }

    /// Whether a key taken earlier, for a stream that is still open, may still be used: its entry is
    /// there, has the same token, and is neither revoked nor expired. For a JWT: its profile is
    /// there and neither revoked nor expired, and its own time and that of the key it was signed
    /// with are not over.
    #[must_use]
    pub fn still_admits(&self, key: &Key, now: Timestamp) -> bool {
        let keyring = self.keyring.current();
        let known = key.known_in(&keyring, now);
        known.is_some_and(|known| known.status(now) == KeyStatus::Valid)
    }
}
