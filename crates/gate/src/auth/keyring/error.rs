//! Why a keyring does not load.

use std::path::{Path, PathBuf};

use crate::auth::key_limits::LimitProblem;
use crate::text::yaml::{Position, Unreadable};

/// Why a keyring does not load.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The file could not be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is not YAML, or its keys and nesting are not those of a keyring.
    #[error("{}: the keyring cannot be read", .0.position)]
    Syntax(#[source] Unreadable),
    /// An entry cannot be used.
    #[error("{position}: `{field}` of key `{id}` cannot be used")]
    Entry {
        /// Where.
        position: Position,
        /// Which key.
        id: String,
        /// Which of its fields.
        field: String,
        /// Why.
        #[source]
        problem: KeyProblem,
    },
}

impl KeyringError {
    /// The file could not be read.
    pub fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// The name of a GT key that strangers would share, if that is what is wrong.
    #[must_use]
    pub fn shared_credential(&self) -> Option<&str> {
        match self {
            Self::Entry {
                problem: KeyProblem::SharedCredential { credential, .. },
                ..
            } => Some(credential),
            _ => None,
        }
    }
}

/// Why an entry cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// Not an id.
    #[error("an id is 1 to 128 of `A–Z a–z 0–9 - _ . : @`")]
    Id,
    /// Two entries with one id.
    #[error("another key has this id")]
    SameId,
    /// Not a digest. The value is not repeated: it may be the token itself.
    #[error("write the SHA-256 of the token as 64 hex digits, never the token itself")]
    Digest,
    /// Neither a token nor a profile.
    #[error("write `sha256`, the digest of its token; or `profile: true`, for callers of `jwt`")]
    NoToken,
    /// A token and a profile.
    #[error("a profile has no token: callers of `jwt` are measured by it, nobody is it")]
    ProfileWithToken,
    /// A profile for more than inference whose callers are strangers to each other.
    #[error(
        "all callers of this profile would share conversations and files: if they may, say so with \
         a `group`"
    )]
    ProfileWithoutGroup,
    /// Two entries with one token.
    #[error("key `{other}` has the same token")]
    SameToken {
        /// The other key.
        other: String,
    },
    /// Not a preset.
    #[error("no such preset; there are {known}")]
    Preset {
        /// All presets.
        known: String,
    },
    /// `preset` together with `scopes` or `purposes`.
    #[error("`preset` says both `scopes` and `purposes`: write it, or write them")]
    PresetAndMore,
    /// Neither `preset` nor both of `scopes` and `purposes`.
    #[error("write `preset`, or both `scopes` and `purposes`")]
    NoScopes,
    /// Not a scope.
    #[error("a scope is 1 to 64 of `a–z 0–9 - _ . :`")]
    Scope,
    /// Not a purpose.
    #[error("a purpose is `inference`, `upload` or `conversation`")]
    Purpose,
    /// No purpose.
    #[error("a key without a purpose may do nothing: name one, or remove the key")]
    NoPurpose,
    /// The same twice in a list.
    #[error("it is written twice")]
    Twice,
    /// Not a name or prefix.
    #[error("a name is 1 to 256 bytes without control characters; `*` may stand only at its end")]
    Name,
    /// A bare star.
    #[error("write the word `all` in place of the list: a bare `*` is too easily left over")]
    Star,
    /// Not a time.
    #[error("write a time like `2027-06-30T00:00:00Z`")]
    Time,
    /// Not a policy, group, label or credential name.
    #[error("a name is 1 to 64 of `A–Z a–z 0–9 - _ .`")]
    Word,
    /// Not a label.
    #[error("a label is at most 256 bytes without control characters")]
    Label,
    /// A limit is none.
    #[error(transparent)]
    Limit(#[from] LimitProblem),
    /// A credential for what the key is not made for.
    #[error("the key is not made for this purpose")]
    IdleCredential,
    /// Its token is published in the documentation.
    #[error("its token is the demo's, which everyone knows")]
    DemoToken,
    /// A credential nobody configured.
    #[error("`upstream.credentials` has no `{name}`")]
    UnknownCredential {
        /// Its name.
        name: String,
    },
    /// Keys that are strangers to each other would share conversations and files.
    #[error(
        "key `{other}` uses the same GT key (credential `{credential}`) for conversations or files: \
         give both the same `group`, or each a credential of its own"
    )]
    SharedCredential {
        /// The other key.
        other: String,
        /// The credential's name.
        credential: String,
    },
}
