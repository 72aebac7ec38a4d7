//! Why a host could not be asked, and what to do about it.

use std::{io, path::PathBuf, time::Duration};

use http::StatusCode;
use serde::Deserialize;
use signalbox_http_client::{ClientError, Scheme, TlsError, Url, UrlError};

use crate::{exit::Exit, show};

/// Why a host could not be asked, or would not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error("the admin token is empty or has characters no token has")]
    BadToken,
    #[error("--ca-file, --client-cert and --client-key are for https://")]
    CertificatesWithoutTls,
    #[error("no host answers at {address}")]
    Connect {
        address: Url,
        #[source]
        cause: io::Error,
    },
    #[error("the host ended its answer in the middle")]
    Cut,
    #[error("{address} gave no answer in HTTP")]
    Http {
        address: Url,
        #[source]
        cause: hyper::Error,
    },
    #[error("there are no certificate authorities to trust")]
    NoAuthorities,
    #[error("{0} needs an admin token")]
    NoToken(Url),
    #[error("{message}")]
    Refused {
        status: StatusCode,
        code: String,
        message: String,
    },
    #[error("that cannot be asked")]
    Request(#[source] UrlError),
    #[error("{address} said nothing for {} s", after.as_secs())]
    Silent { address: Url, after: Duration },
    #[error("no TLS with {address}")]
    Tls {
        address: Url,
        #[source]
        cause: io::Error,
    },
    #[error("cannot set up TLS")]
    TlsSetup(#[from] TlsError),
    #[error("cannot read the admin token in {}", path.display())]
    TokenFile {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the answer is longer than any answer of a host")]
    TooLong,
    #[error("the host does not know this admin token")]
    Unauthorized,
    #[error("the answer is not one of a host of this version")]
    Unreadable(#[source] serde_json::Error),
}

impl AdminError {
    /// What a host said in place of an answer, in OpenAI's shape.
    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        if status == StatusCode::UNAUTHORIZED {
            return Self::Unauthorized;
        }
        let (code, message) = match serde_json::from_slice(body) {
            Ok(Said { error }) => (error.code.unwrap_or_default(), show::plain(&error.message)),
            Err(_) => (String::new(), format!("the host answered {status}")),
        };
        Self::Refused {
            status,
            code,
            message,
        }
    }

    /// No answer began.
    pub(super) fn unanswered(address: &Url, error: ClientError) -> Self {
        let address = address.clone();
        match error {
            ClientError::Connect(cause) => Self::Connect { address, cause },
            ClientError::Lost(cause) | ClientError::Protocol(cause) => {
                Self::Http { address, cause }
            }
            ClientError::Silent { limit: after, .. } | ClientError::TimedOut(after) => {
                Self::Silent { address, after }
            }
            ClientError::Tls(cause) => Self::Tls { address, cause },
            ClientError::TooLong(_) => Self::TooLong,
        }
    }

    /// An answer began and did not end.
    pub(super) fn cut_short(address: &Url, error: ClientError) -> Self {
        match error {
            ClientError::Lost(_) | ClientError::Protocol(_) => Self::Cut,
            error => Self::unanswered(address, error),
        }
    }

    /// Whether the host has no policy of that name.
    pub(crate) fn is_unknown_policy(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "unknown_policy")
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadToken | Self::NoToken(_) | Self::TokenFile { .. } | Self::Unauthorized => {
                TOKEN
            }
            Self::Connect { .. } => {
                "start one with `signalbox demo`, or with `signalbox serve` and an `admin:` \
                 listener; --admin or SIGNALBOX_ADMIN says where it listens"
            }
            Self::Cut => "whether it was done, `signalbox history` says",
            Self::Http { address, .. } if address.origin.scheme == Scheme::Http => {
                "is it the admin listener, not the one for clients? With `admin.tls` it takes https://"
            }
            Self::Http { .. } => {
                "is it the admin listener? A host that asks for a client certificate takes --client-cert"
            }
            Self::NoAuthorities => "name the host's certificate authority with --ca-file",
            Self::Refused { status, code, .. } => return refusal_help(*status, code),
            Self::Silent { .. } => {
                "the host may still be at work: `signalbox history` says what became of it; --timeout waits longer"
            }
            Self::Tls { cause, .. } => tls_help(cause),
            Self::TlsSetup(cause) => cause.help(),
            Self::Unreadable(_) => {
                "is it the admin listener of a host? Use the `signalbox` of the host's own version"
            }
            Self::CertificatesWithoutTls | Self::Request(_) | Self::TooLong => return None,
        })
    }

    /// Arguments that make no sense are told apart from a host that does not answer.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::BadToken | Self::CertificatesWithoutTls | Self::NoToken(_) => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}

/// The text is no address of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as http://127.0.0.1:8081, without user, query or fragment")]
pub(crate) struct BadAddress;

/// An error in OpenAI's shape.
#[derive(Deserialize)]
struct Said {
    error: SaidError,
}

#[derive(Deserialize)]
struct SaidError {
    message: String,
    code: Option<String>,
}

fn refusal_help(status: StatusCode, code: &str) -> Option<&'static str> {
    match (status, code) {
        (StatusCode::FORBIDDEN, "host_not_allowed") => {
            Some("name it under `admin.hosts`, or connect by the host's IP address")
        }
        (StatusCode::FORBIDDEN, _) => Some(
            "what changes a host takes the operate token (`admin.operate_token_sha256`); the view \
             token only looks",
        ),
        (StatusCode::NOT_FOUND, "unknown_route") => {
            Some("is it a host of this version? An older one has no such route")
        }
        _ => None,
    }
}

fn tls_error(cause: &io::Error) -> Option<&rustls::Error> {
    cause.get_ref()?.downcast_ref()
}

fn tls_help(cause: &io::Error) -> &'static str {
    use rustls::{CertificateError, Error};

    match tls_error(cause) {
        Some(Error::InvalidCertificate(CertificateError::NotValidForName))
        | Some(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) => {
            "use the name in the host's certificate"
        }
        Some(Error::InvalidCertificate(_)) => {
            "if the host's certificate is its own, name its authority with --ca-file"
        }
        Some(Error::AlertReceived(_)) => {
            "the host may ask for a certificate: --client-cert and --client-key"
        }
        Some(Error::InvalidMessage(_)) => "the host may have no `admin.tls`: use http://",
        _ => "is it the admin listener, and does it have `admin.tls`?",
    }
}

const TOKEN: &str = "give the host's admin token with --token-file or SIGNALBOX_ADMIN_TOKEN: the \
    one of `admin.operate_token_sha256` to change something, that or the one of \
    `admin.view_token_sha256` to look";
