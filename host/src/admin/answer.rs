//! Answers of the admin listener.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use super::body::AnswerBody;
use super::refused::Refused;

/// An answer with its body.
pub(super) type Answer = Response<AnswerBody>;

/// JSON with a final line end, for people who use curl.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match line(value) {
        Ok(body) => of(status, "application/json", body),
        Err(refused) => refused.answer(),
    }
}

/// JSON as one line.
pub(super) fn line(value: &impl Serialize) -> Result<Vec<u8>, Refused> {
    let mut line = serde_json::to_vec(value).map_err(|_| Refused::Internal)?;
    line.push(b'\n');
    Ok(line)
}

/// A scrape.
pub(super) fn metrics(text: String) -> Answer {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    of(StatusCode::OK, kind, text.into_bytes())
}

/// An answer of any kind.
pub(super) fn of(status: StatusCode, kind: &'static str, body: impl Into<AnswerBody>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    answer
}
