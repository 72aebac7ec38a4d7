//! Which header names and values a policy may use.

use signalbox_policy::headers::is_credential;

/// Whether a name is a lower-case HTTP token of reasonable length.
pub(crate) fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
    };
    (1..=128).contains(&name.len()) && name.bytes().all(is_token)
}

/// Whether a value holds only bytes RFC 9110 allows, and no white space around them.
pub(super) fn is_value(value: &[u8]) -> bool {
    let is_legal = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    value.iter().all(is_legal) && value.trim_ascii() == value
}

/// Whether a header is the host's own business: a policy neither sets nor drops it, and no route
/// lists it.
pub(crate) fn is_reserved(name: &str) -> bool {
    is_credential(name)
        || RESERVED.binary_search(&name).is_ok()
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Framing, the connection, and names by which servers are told another method or path than the
/// request's. In byte order.
const RESERVED: [&str; 17] = [
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// The body is the client's, `x-signalbox-` is ours to say, and `x-gt-` ties a request to GT's
/// state, which is a right of the key's.
const RESERVED_PREFIXES: [&str; 3] = ["content-", "x-gt-", "x-signalbox-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_the_order_their_search_needs() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn names_are_lower_case_tokens() {
        for name in ["openai-beta", "x-stainless-lang", "a"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "X-Up",
            "a b",
            "a:b",
            "gr\u{fc}n",
            "a\r\nb",
            &"x".repeat(129),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn values_hold_no_control_bytes() {
        for value in [&b""[..], b"a b\tc", b"caf\xe9"] {
            assert!(is_value(value), "{value:?}");
        }
        for value in [&b"a\r\nb"[..], b"a\0", b"\x7f", b" a", b"a\t"] {
            assert!(!is_value(value), "{value:?}");
        }
    }

    #[test]
    fn what_is_the_hosts_is_reserved() {
        for name in [
            "host",
            "content-type",
            "content-length",
            "te",
            "authorization",
            "cookie",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "x-gt-conversation-id",
            "x-signalbox-policy",
            "x-original-url",
            "api-key",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["accept", "openai-beta", "x-request-id", "traceparent"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
