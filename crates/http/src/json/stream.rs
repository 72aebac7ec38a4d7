//! Whether a request asks for a stream.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Whether the request asks for a stream, as far as a look at the bytes can tell: a `stream` deeper
/// inside counts too, one written in escapes does not.
#[must_use]
pub fn asks_for_a_stream(body: &[u8]) -> bool {
    FINDER.find_iter(body).any(|at| {
        let rest = body.get(at + STREAM.len()..).unwrap_or_default();
        let value = rest.trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().starts_with(b"true"))
    })
}

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(STREAM));
const STREAM: &[u8] = b"\"stream\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_asked_for_by_the_member() {
        for (text, asks) in [
            (r#"{"model":"m","stream":true}"#, true),
            ("{\"stream\" :\n true}", true),
            (r#"{"stream":"stream","stream":true}"#, true),
            (r#"{"stream":false}"#, false),
            (r#"{"messages":["\"stream\":true"]}"#, false),
            (r#"{"stream_options":{"include_usage":true}}"#, false),
            (r#"{"a":"stream","b":true}"#, false),
            (r#""stream""#, false),
            ("", false),
        ] {
            assert_eq!(asks_for_a_stream(text.as_bytes()), asks, "{text}");
        }
    }
}
