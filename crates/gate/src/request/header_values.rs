//! Values of headers, as checks and policies read them.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The values of a header, one per line of the head.
#[must_use]
pub fn values(headers: &HeaderMap, name: HeaderName) -> Vec<&[u8]> {
    headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect()
}

/// The first value of a header, if it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
