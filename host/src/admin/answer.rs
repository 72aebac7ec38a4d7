//! Answers of the admin listener.

use http::{HeaderValue, Response, StatusCode, header};

use super::body::ResponseBody;

/// An answer with its body.
pub(super) type Answer = Response<ResponseBody>;

/// A scrape.
pub(super) fn metrics(text: String) -> Answer {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    of(StatusCode::OK, kind, text.into_bytes())
}

/// An answer of any kind.
pub(super) fn of(status: StatusCode, kind: &'static str, body: impl Into<ResponseBody>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    answer
}
