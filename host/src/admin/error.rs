//! Why a request is not answered, in the shape every other door of the host has as well.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode, header};
use signalbox_http::refusal::Refusal;

use super::answer::{self, Answer};

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AdminError {
    Host,
    Origin,
    Route,
    /// The methods there are.
    Method(&'static str),
    Token,
    /// The token may look, and this acts.
    Access,
    Decision,
    Policy,
    Generation,
    Swap,
    Key,
    Media(String),
    TooLarge {
        message: String,
        param: Option<String>,
    },
    TooSlow,
    Truncated,
    Busy,
    Invalid {
        message: String,
        param: Option<String>,
    },
    Internal,
}

impl AdminError {
    /// A value that cannot be used, by its name.
    pub(super) fn value(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            param: Some(param.into()),
        }
    }

    /// A request that cannot be understood.
    pub(super) fn shape(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            param: None,
        }
    }

    pub(super) fn answer(&self) -> Answer {
        let (status, code, message) = self.words();
        let param = match self {
            Self::Invalid { param, .. } | Self::TooLarge { param, .. } => param.as_deref(),
            _ => None,
        };
        let refusal = Refusal::from_policy(status.as_u16(), code, &message, param);
        let mut answer = answer::of(status, "application/json", refusal.body());
        let headers = answer.headers_mut();
        match self {
            Self::Token => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Method(there_are) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(there_are));
            }
            Self::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(BUSY_FOR));
            }
            _ => {}
        }
        answer
    }

    fn words(&self) -> (StatusCode, &'static str, Cow<'_, str>) {
        let (status, code, message) = match self {
            Self::Host => (
                StatusCode::FORBIDDEN,
                "host_not_allowed",
                "The `host` header is no IP address, and names neither this machine nor one of \
                 `admin.hosts`.",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "Requests of web pages are not answered here.",
            ),
            Self::Route => (
                StatusCode::NOT_FOUND,
                "unknown_route",
                "There is no such route; docs/observability.md lists them.",
            ),
            Self::Method(there_are) => {
                let message = format!("This route takes {there_are}.");
                let status = StatusCode::METHOD_NOT_ALLOWED;
                return (status, "method_not_allowed", message.into());
            }
            Self::Token => (
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "Send `Authorization: Bearer <token>` once, with the view or the operate token.",
            ),
            Self::Access => (
                StatusCode::FORBIDDEN,
                "insufficient_token",
                "This is the view token, which may look and change nothing. Send the operate token.",
            ),
            Self::Decision => (
                StatusCode::NOT_FOUND,
                "unknown_decision",
                "No decision of this id is among the last ones; `records.keep` says how many are kept.",
            ),
            Self::Policy => (
                StatusCode::NOT_FOUND,
                "unknown_policy",
                "There is no policy of this name; `GET /policies` lists them.",
            ),
            Self::Generation => (
                StatusCode::NOT_FOUND,
                "unknown_generation",
                "No such generation of this policy serves, stands beside the live policy, or is kept; \
                 `GET /policies/{name}` lists them.",
            ),
            Self::Swap => (
                StatusCode::NOT_FOUND,
                "unknown_swap",
                "No swap of this number is in the history; `GET /swaps` lists the last ones.",
            ),
            Self::Key => (
                StatusCode::NOT_FOUND,
                "unknown_key",
                "The keyring has no key of this id.",
            ),
            Self::Media(message) => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                return (status, "unsupported_media_type", message.into());
            }
            Self::TooLarge { message, .. } => {
                return (
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "body_too_large",
                    message.into(),
                );
            }
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The body did not arrive in time. Send it without a pause.",
            ),
            Self::Truncated => (
                StatusCode::BAD_REQUEST,
                "invalid_body",
                "The body ended before its announced end. Send all of it.",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "As many swaps are under way as there may be at a time. Send it again in a moment.",
            ),
            Self::Invalid { message, .. } => {
                return (StatusCode::BAD_REQUEST, "invalid_request", message.into());
            }
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The answer could not be written. The log says more.",
            ),
        };
        (status, code, message.into())
    }
}

/// Seconds; a transaction takes about one.
const BUSY_FOR: &str = "2";
