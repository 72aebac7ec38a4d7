//! One GT key, kept from every log and page.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::auth::digest::Digest;
use crate::auth::keyring::KeyringError;

/// A GT key, ready to be sent. Nothing prints it.
#[derive(Clone)]
pub struct Secret {
    header: HeaderValue,
    identity: Digest,
}

/// Why a GT key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialProblem {
    /// The file could not be read.
    #[error("its file cannot be read")]
    File(#[source] std::io::Error),
    /// The variable is not set, or is not text.
    #[error("the environment variable `{0}` is not set to text")]
    Variable(String),
    /// Nothing but white space.
    #[error("it is blank")]
    Blank,
    /// Keys of different groups would share it.
    #[error("keys of different groups would share it")]
    Shared(#[source] Arc<KeyringError>),
    /// More than a key.
    #[error("it must be one key alone: visible ASCII, no white space within, at most 4096 bytes")]
    Syntax,
}

impl Secret {
    /// Takes a GT key, with white space around it as files have it.
    ///
    /// # Errors
    /// If it cannot be the value of a header.
    pub fn read(text: &str) -> Result<Self, CredentialProblem> {
        let key = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if key.is_empty() {
            return Err(CredentialProblem::Blank);
        }
        if key.len() > LARGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialProblem::Syntax);
        }
        let mut header = HeaderValue::try_from(format!("{SCHEME}{key}"))
            .map_err(|_| CredentialProblem::Syntax)?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            identity: Digest::of(key),
        })
    }

    /// What it is known by: equal for two names of one GT key.
    pub const fn identity(&self) -> Digest {
        self.identity
    }

    /// The key itself.
    pub(crate) fn key(&self) -> &[u8] {
        let value = self.header.as_bytes();
        value.strip_prefix(SCHEME.as_bytes()).unwrap_or(value)
    }

    /// The value of `authorization`: made once, so that a request copies no secret.
    #[must_use]
    pub const fn authorization(&self) -> &HeaderValue {
        &self.header
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.identity.matches(&other.identity)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Before the key in `authorization`.
const SCHEME: &str = "Bearer ";
/// Longer than any key, shorter than what servers take as a header.
const LARGEST_KEY: usize = 4_096;
