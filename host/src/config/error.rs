//! Why a configuration is refused.

use std::path::PathBuf;

use signalbox_gate::LimitProblem;
use signalbox_registry::ReferenceError;

use super::url::UrlError;
use crate::yaml::{Position, Unreadable, value_at};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is not YAML, or not the map of a configuration.
    #[error("{}: the configuration cannot be read", .0.position)]
    Syntax(#[source] Unreadable),
    /// A value cannot be used.
    #[error("{position}: `{key}` cannot be used")]
    Value {
        /// Where.
        position: Position,
        /// The path of keys, with dots.
        key: String,
        /// Why.
        #[source]
        problem: Problem,
    },
}

impl ConfigError {
    /// What the reader refuses in `text`, with the key of what it speaks of.
    pub(super) fn unread(text: &str, error: Unreadable) -> Self {
        let position = error.position;
        match value_at(text, position).filter(|value| !value.path.is_empty()) {
            None => Self::Syntax(error),
            Some(value) => Self::Value {
                position,
                key: value.path,
                problem: if value.is_null {
                    Problem::Null
                } else {
                    Problem::Form(error.message)
                },
            },
        }
    }
}

/// Why a value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// What its type, or the reader, says of a value that can be judged alone.
    #[error("{0}")]
    Form(String),
    /// Null, or nothing at all.
    #[error("null is not a value: write one, or remove the key")]
    Null,
    /// Nothing but white space.
    #[error("it is blank: write a value, or remove the key")]
    Blank,
    /// Not an address with a port.
    #[error("write an IP address and a port, like `127.0.0.1:8080` or `[::1]:8080`")]
    Address,
    /// Neither a socket nor an address.
    #[error("write `unix:PATH`, or an IP address and a port with `tls` beside it")]
    Place,
    /// A port that anybody can call, where GT's key is handed out.
    #[error(
        "whoever can call it gets GT's key: write `unix:PATH`, or `tls` with `client_ca_file` and `names`"
    )]
    OpenPort,
    /// A socket needs no TLS.
    #[error("a Unix socket is opened by the mode of its file: remove `tls`, or listen on a port")]
    SocketTls,
    /// A port has no group.
    #[error("a group opens a Unix socket; a port is opened by `tls`")]
    GroupOfPort,
    /// Not a name in a certificate.
    #[error(
        "write a DNS name in lower case or a URI, as the certificate has it, without a wildcard"
    )]
    PeerName,
    /// Not a host name.
    #[error("write a host name or address, without scheme, port or path")]
    HostName,
    /// Not an origin.
    #[error(
        "write an origin as browsers do, like `https://app.example`: no path, no port that goes \
         without saying, no `*`"
    )]
    Origin,
    /// Not a header's name.
    #[error("write the name of a header")]
    Header,
    /// Not a digest.
    #[error("write the SHA-256 of the token as 64 hex digits, never the token itself")]
    Digest,
    /// Decisions cannot be kept of what may remember.
    #[error(
        "a policy whose instance is reused may remember what it saw, so its decisions are not kept: \
         remove this or `decisions.isolation: reuse`"
    )]
    CacheOfReused,
    /// Both tokens are the same.
    #[error(
        "view and operate need different tokens: a token that may look must not be able to act"
    )]
    SameToken,
    /// Not a base URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// Neither or both of `url` and `urls`.
    #[error("write either `url: BASE` or, for several hosts of one tenant, `urls: [BASE, …]`")]
    OneOrMany,
    /// Hosts of one tenant with different paths.
    #[error("all hosts of a tenant have the same path: what goes to one can go to another")]
    OtherPath,
    /// More hosts than a tenant has.
    #[error("write at most {0}")]
    TooManyHosts(usize),
    /// Not a plain path.
    #[error("write a path like `/v1/models`, without a query")]
    Path,
    /// Traces would cross a network in the clear.
    #[error(
        "plain http would send traces in the clear: use https, or say `traces.plaintext: true`"
    )]
    PlainTraces,
    /// A login before the collector's host.
    #[error("a user name or password does not belong here: see `traces.headers_file`")]
    CollectorLogin,
    /// Not a name.
    #[error("a name is 1 to 64 of `A–Z a–z 0–9 - _ .`")]
    Name,
    /// The map has no entry.
    #[error("at least one entry is needed")]
    Empty,
    /// Neither or both of `file` and `env`.
    #[error(
        "write either `file: PATH` or `env: NAME`; the GT key itself does not belong in this file"
    )]
    Source,
    /// One of the three words is used for another credential.
    #[error("`inference`, `upload` and `conversation` stand beside `others`, not in it")]
    ReservedName,
    /// Neither a span of time nor `off`.
    #[error("write `off`, or a whole number above zero and `ms`, `s`, `m` or `h`, at most a day")]
    SpanOrOff,
    /// Not a limit of a key.
    #[error(transparent)]
    Limit(#[from] LimitProblem),
    /// Outside of its bounds.
    #[error("write a whole number from {0} to {1}")]
    Range(u64, u64),
    /// Two entries say the same.
    #[error("it is written twice")]
    Twice,
    /// Not a route whose streams can be asked.
    #[error("GT can be asked on `POST /v1/chat/completions` and `POST /v1/completions`")]
    Unaskable,
    /// Not a share.
    #[error("write a percentage above 0 and up to 100, with at most two decimals, like `25%`")]
    Share,
    /// Not a reference into a registry.
    #[error("{0}: write `oci://host/name:tag` or `oci://host/name@sha256:…`")]
    Reference(ReferenceError),
    /// Not a host with a port.
    #[error("write a registry's host and port, like `127.0.0.1:5000`")]
    Authority,
    /// A name without a password, or the other way round.
    #[error("`username` and `password_file` go together")]
    Login,
    /// Neither or both of `key_file` and `key`.
    #[error("write either `key_file: PEM-FILE` or `key: BASE64`")]
    SignerKey,
    /// Not an ed25519 public key.
    #[error(
        "write the 32 bytes of an ed25519 public key in base64, or name its PEM file with `key_file`"
    )]
    PublicKey,
    /// A signer of nothing.
    #[error("write the policies this signer may vouch for, or the word `all`")]
    NoPolicy,
    /// Not the URL of a key set.
    #[error(
        "write an `https` URL; `http` only to this machine: who can change the keys is everybody"
    )]
    KeySetUrl,
    /// Neither or both of `jwks_url` and `jwks_file`.
    #[error("write either `jwks_url: URL`, with or without `ca_file`, or `jwks_file: PATH`")]
    KeySetSource,
    /// Not an algorithm a JWT may be signed with.
    #[error(
        "write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA; never one whose key \
         makes tokens as well (HS…), never `none`"
    )]
    Algorithm,
    /// More than clocks differ.
    #[error("write at most 5m: clocks that are kept right differ by less")]
    Leeway,
    /// Neither or both of `profile` and `profiles`.
    #[error(
        "write either `profile: ID`, an entry of the keyring, or `profiles: {{claim: …, of: {{VALUE: ID}}}}`"
    )]
    Profile,
    /// Carries a credential.
    #[error("a header that carries a credential is never written down")]
    SecretHeader,
}
