//! Who may ask: the keyring that is watched, and the issuers of JWTs.

pub(crate) mod credentials;
pub(crate) mod jwt;
pub(crate) mod keyring_file;
pub(crate) mod keys;
use std::sync::Arc;

use jiff::Timestamp;
use signalbox_gate::TokenVerifier;

use crate::auth::jwt::Issuers;
use crate::auth::keys::Keys;
use signalbox_gate::keyring::{Key, Keyring};

/// Everything that names a caller.
#[derive(Debug)]
pub(crate) struct Auth {
    pub(crate) keys: Arc<Keys>,
    pub(crate) jwt: Option<Arc<Issuers>>,
}

impl TokenVerifier for Issuers {
    fn takes(&self, token: &str) -> bool {
        jwt::is_one(token)
    }

    fn key_of(&self, token: &str, keyring: &Keyring, now: Timestamp) -> Option<Arc<Key>> {
        Self::key_of(self, token, keyring, now)
    }
}
