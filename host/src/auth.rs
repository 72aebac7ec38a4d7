//! Who may ask: keys of the keyring, and JWTs.

use std::sync::Arc;

use jiff::Timestamp;

use crate::jwt::{self, Issuers};
use crate::keyring::Key;
use crate::keys::Keys;

/// Everything that names a caller.
#[derive(Debug)]
pub(crate) struct Auth {
    pub(crate) keys: Arc<Keys>,
    pub(crate) jwt: Option<Issuers>,
}

impl Auth {
    /// The key of a token: of a JWT where there are issuers, else of the keyring. Never of both, so
    /// that no token means two things.
    pub(crate) fn key_of(&self, token: &str, now: Timestamp) -> Option<Arc<Key>> {
        let keyring = self.keys.current();
        match &self.jwt {
            Some(issuers) if jwt::is_one(token) => issuers.key_of(token, &keyring, now),
            _ => keyring.lookup(token).map(Arc::clone),
        }
    }
}
