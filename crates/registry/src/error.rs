//! What can go wrong with a pull. Nothing here repeats a password, a token, or an address a registry
//! sent us to beyond its host: such addresses carry signatures.

use std::fmt;
use std::io;
use std::time::Duration;

use signalbox_http_client::{ClientError, Phase};

use crate::digest::ManifestDigest;

/// Why a component was not pulled, or a tag not looked up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// It wants us to come back later: 429.
    #[error("the registry has had too many requests")]
    Busy,
    /// It refuses, and does not say how to log in in a way that is known here.
    #[error("the registry wants a login of a kind unknown here")]
    Challenge,
    /// The component's bytes are not those the manifest names.
    #[error("the component has the digest {found}, its manifest says {expected}")]
    Component {
        /// What the manifest says.
        expected: ManifestDigest,
        /// What came.
        found: ManifestDigest,
    },
    /// No connection.
    #[error("cannot connect to the registry")]
    Connect(#[source] io::Error),
    /// It refuses, whoever asks: 401 or 403 once more.
    #[error("the registry refuses access")]
    Denied,
    /// The header says another digest than the bytes have.
    #[error("the registry announces the digest {announced} and sends {found}")]
    Digest {
        /// What the header says.
        announced: ManifestDigest,
        /// What came.
        found: ManifestDigest,
    },
    /// An index of several manifests: which one is meant is not for us to guess.
    #[error("this is an index of several manifests")]
    Index,
    /// The layer's digest is not a SHA-256.
    #[error("the component's digest is not a sha256")]
    LayerDigest,
    /// None or several of its layers are components.
    #[error("the manifest has {0} layers that are components")]
    Layers(usize),
    /// It sends us to something that is not an address.
    #[error("the registry redirects to something that is no address")]
    Location,
    /// It wants a login and there is none for it.
    #[error("the registry wants a login")]
    LoginNeeded,
    /// It does not take the login there is.
    #[error("the registry does not take the login")]
    LoginRefused,
    /// The connection ended early.
    #[error("the registry broke the connection")]
    Lost(#[source] hyper::Error),
    /// The manifest is not the one that was asked for.
    #[error("the manifest has the digest {found} instead of {expected}")]
    Manifest {
        /// What was asked for.
        expected: ManifestDigest,
        /// What came.
        found: ManifestDigest,
    },
    /// An answer went on beyond what was announced or allowed.
    #[error("the {part} is longer than {most} bytes")]
    MoreBytes {
        /// Of what.
        part: Part,
        /// What was announced or allowed.
        most: u64,
    },
    /// A page, an error, or something else altogether.
    #[error("the registry answers with `{0}` where a manifest belongs")]
    NotAManifest(String),
    /// It has no such thing: 404.
    #[error("the registry has no such {0}")]
    NotFound(Part),
    /// It sends us to a place that is not to be spoken to without TLS.
    #[error("the registry leads to `{0}` without TLS")]
    Plaintext(String),
    /// What came back is not HTTP/1.
    #[error("the registry does not speak HTTP/1.1")]
    Protocol(#[source] hyper::Error),
    /// It sends us on and on.
    #[error("the registry redirects again and again")]
    Redirects,
    /// The component is shorter than its manifest says.
    #[error("the component has {found} bytes, its manifest says {announced}")]
    Size {
        /// What the manifest says.
        announced: u64,
        /// What came.
        found: u64,
    },
    /// Nothing came for too long.
    #[error("the registry was silent for {} s {phase}", limit.as_secs_f32())]
    Stalled {
        /// During what.
        phase: Phase,
        /// The limit.
        limit: Duration,
    },
    /// Two statements that differ.
    #[error("the manifest and its layer carry different statements")]
    Statements,
    /// A status that means nothing here.
    #[error("the registry answers with status {0}")]
    Status(u16),
    /// All of it took too long.
    #[error("the registry took longer than {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// No TLS, or not with whom we meant.
    #[error("cannot speak TLS with the registry")]
    Tls(#[source] io::Error),
    /// What the token service gives is no token.
    #[error("the registry's token service gives no token")]
    Token,
    /// The component is larger than allowed, by its manifest.
    #[error("the component has {announced} bytes, {most} are allowed")]
    TooBig {
        /// What the manifest says.
        announced: u64,
        /// What is allowed.
        most: u64,
    },
    /// It cannot answer right now: 5xx.
    #[error("the registry cannot answer: status {0}")]
    Unavailable(u16),
    /// The digest it announces is none that can be compared.
    #[error("the registry announces the digest `{0}`, which is no sha256")]
    Unreadable(String),
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The component itself.
    Component,
    /// The manifest that names it.
    Manifest,
    /// A token to ask with.
    Token,
}

impl PullError {
    pub(crate) fn unanswered(error: ClientError, part: Part) -> Self {
        match error {
            ClientError::Connect(cause) => Self::Connect(cause),
            ClientError::Lost(cause) => Self::Lost(cause),
            ClientError::Protocol(cause) => Self::Protocol(cause),
            ClientError::Silent { phase, limit } => Self::Stalled { phase, limit },
            ClientError::TimedOut(limit) => Self::TimedOut(limit),
            ClientError::Tls(cause) => Self::Tls(cause),
            ClientError::TooLong(most) => Self::MoreBytes { part, most },
        }
    }

    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Challenge => "challenge",
            Self::Component { .. } => "component_digest",
            Self::Connect(_) => "connect",
            Self::Denied => "denied",
            Self::Digest { .. } => "announced_digest",
            Self::Index => "index",
            Self::LayerDigest => "layer_digest",
            Self::Layers(_) => "layers",
            Self::Location => "location",
            Self::LoginNeeded => "login_needed",
            Self::LoginRefused => "login_refused",
            Self::Lost(_) => "lost",
            Self::Manifest { .. } => "manifest_digest",
            Self::MoreBytes { .. } => "more_bytes",
            Self::NotAManifest(_) => "not_a_manifest",
            Self::NotFound(_) => "not_found",
            Self::Plaintext(_) => "plaintext",
            Self::Protocol(_) => "protocol",
            Self::Redirects => "redirects",
            Self::Size { .. } => "size",
            Self::Stalled { .. } => "stalled",
            Self::Statements => "statements",
            Self::Status(_) => "status",
            Self::TimedOut(_) => "timed_out",
            Self::Tls(_) => "tls",
            Self::Token => "token",
            Self::TooBig { .. } => "too_big",
            Self::Unavailable(_) => "unavailable",
            Self::Unreadable(_) => "unreadable_digest",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Component { .. }
            | Self::Digest { .. }
            | Self::Manifest { .. }
            | Self::Size { .. } => {
                "the registry, or somebody between, changed it: push it again, and ask whoever keeps the registry"
            }
            Self::Busy | Self::Unavailable(_) => {
                "it is asked again at the next interval; a longer one asks less"
            }
            Self::Challenge => {
                "registries log in with Basic or with Bearer tokens; check the address"
            }
            Self::Connect(_) => "check the host, the port and the network between",
            Self::Denied => "check that the user may pull from this repository",
            Self::Index => {
                "name the manifest of the component: push it under a tag of its own, or pull `@sha256:…`"
            }
            Self::LayerDigest | Self::Unreadable(_) => {
                "push it with a tool that names manifests and layers by sha256"
            }
            Self::Layers(_) => {
                "push exactly one layer of the type application/wasm, as wkg and oras do"
            }
            Self::Location => "ask whoever keeps the registry where it redirects to",
            Self::LoginNeeded => {
                "set `username` and `password_file` under `registry`; a login is only used for the registries it is for"
            }
            Self::LoginRefused => "check `username` and the password in `password_file`",
            Self::Lost(_) | Self::Stalled { .. } | Self::TimedOut(_) => {
                "it is tried again at the next interval; check the registry and the network between"
            }
            Self::MoreBytes { .. } | Self::TooBig { .. } => {
                "a policy is far smaller: check what was pushed"
            }
            Self::NotAManifest(_) => {
                "check that the address is a registry, not a page or a proxy's login"
            }
            Self::NotFound(_) => {
                "check the repository's name and the tag; a private one may look missing without a login"
            }
            Self::Plaintext(_) => {
                "list the place under `plaintext` if it is yours and the network is too"
            }
            Self::Protocol(_) => {
                "check the port; a registry without TLS has to be listed under `plaintext`"
            }
            Self::Redirects => "ask whoever keeps the registry where it redirects to",
            Self::Statements => "attach the statement once, to the manifest",
            Self::Status(_) => "check that the address is a registry",
            Self::Tls(_) => {
                "name its authority with `ca_file`; a registry without TLS has to be listed under `plaintext`"
            }
            Self::Token => "ask whoever keeps the registry's token service",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Component => "component",
            Self::Manifest => "manifest",
            Self::Token => "token",
        })
    }
}
