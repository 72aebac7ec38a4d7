//! From a token to the key it opens.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::auth::keyring::{Key, KeyStatus, Keyring};
use crate::auth::live_keyring::LiveKeyring;

/// Verifies JWTs: tokens that no entry of the keyring opens by itself.
pub trait TokenVerifier: fmt::Debug + Send + Sync {
    /// Whether a token is one of those it verifies. What is not is looked up in the keyring.
    fn takes(&self, token: &str) -> bool;

    /// The key of a verified token: a profile of `keyring`, with its rights or fewer. `None` for a
    /// token that does not verify.
    fn key_of(&self, token: &str, keyring: &Keyring, now: Timestamp) -> Option<Arc<Key>>;
}

/// Everything that names a caller.
#[derive(Debug)]
pub struct Authenticator {
    keyring: Arc<LiveKeyring>,
    tokens: Option<Arc<dyn TokenVerifier>>,
}

impl Authenticator {
    /// Looks tokens up in `keyring`, and has `tokens` verify those that are not looked up.
    #[must_use]
    pub fn new(keyring: Arc<LiveKeyring>, tokens: Option<Arc<dyn TokenVerifier>>) -> Self {
        Self { keyring, tokens }
    }

    /// The key a token opens, whether it may be used or not. A JWT is never looked up and nothing else
    /// is ever verified, so that no token means two things.
    #[must_use]
    pub fn key_of(&self, token: &str, now: Timestamp) -> Option<Arc<Key>> {
        let keyring = self.keyring.current();
        match &self.tokens {
            Some(tokens) if tokens.takes(token) => tokens.key_of(token, &keyring, now),
            _ => keyring.lookup(token).map(Arc::clone),
        }
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
