//! Answers of the admin listener.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use signalbox_http::refusal::Refusal;

/// An answer with its body.
pub(super) type Answer = Response<Full<Bytes>>;

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Host,
    Origin,
    Token,
    Route,
    Method,
    Decision,
    Internal,
}

/// JSON with a final line end, for people who use curl.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(mut body) => {
            body.push(b'\n');
            answer(status, "application/json", body)
        }
        Err(_) => Refused::Internal.answer(),
    }
}

/// A scrape.
pub(super) fn metrics(text: String) -> Answer {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    answer(StatusCode::OK, kind, text.into_bytes())
}

impl Refused {
    /// OpenAI's shape, which every other door of the host has as well.
    pub(super) fn answer(self) -> Answer {
        let (status, code, message) = match self {
            Self::Host => (
                StatusCode::FORBIDDEN,
                "host_not_allowed",
                "The `host` header names neither this machine nor one of `admin.hosts`.",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "origin_not_allowed",
                "Requests of web pages are not answered here.",
            ),
            Self::Token => (
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "Send `Authorization: Bearer <token>` once, with the view or the operate token.",
            ),
            Self::Route => (
                StatusCode::NOT_FOUND,
                "unknown_route",
                "There are `/healthz`, `/readyz`, `/metrics`, `/status` and `/decisions/{id}`.",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This route takes GET and HEAD.",
            ),
            Self::Decision => (
                StatusCode::NOT_FOUND,
                "unknown_decision",
                "No decision of this id is among the last ones; `records.keep` says how many are kept.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The answer could not be written.",
            ),
        };
        let refusal = Refusal::from_policy(status.as_u16(), code, message, None);
        let mut answer = answer(status, "application/json", refusal.body());
        let headers = answer.headers_mut();
        match self {
            Self::Token => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            _ => {}
        }
        answer
    }
}

fn answer(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    answer
}
