//! Who may ask: the keyring that is watched, and the issuers of JWTs.

pub(crate) mod credentials;
pub(crate) mod jwt;
pub(crate) mod keyring_file;
pub(crate) mod keys;
use std::sync::Arc;

use crate::auth::jwt::JwtVerifier;
use crate::auth::keys::Keys;

/// Everything that names a caller.
#[derive(Debug)]
pub(crate) struct Auth {
    pub(crate) keys: Arc<Keys>,
    pub(crate) jwt: Option<Arc<JwtVerifier>>,
}
