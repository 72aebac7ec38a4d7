//! Where a request's body ends, whether its method may have one, and which host it names.

use crate::{
    media::trim_bytes,
    refusal::{Code, Refusal},
};

/// The protocol a request came by.
///
/// Exhaustive on purpose: each frames bodies in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2, where frames say where a body ends.
    Http2,
}

/// What the head says about the body.
///
/// Exhaustive on purpose: there is no other way to frame a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nothing: over HTTP/1 there is no body, over HTTP/2 its end will show.
    Unsaid,
    /// So many bytes.
    Length(u64),
    /// Chunks, up to the last.
    Chunked,
}

/// Reads the framing of a request, as strictly as the strictest server behind us.
///
/// HTTP libraries repair some of what is refused here (a length beside chunks, the same length
/// twice); whoever repairs differently sees another request.
///
/// # Errors
/// `invalid_request`.
pub fn framing(
    version: Version,
    lengths: &[&[u8]],
    transfer_encodings: &[&[u8]],
) -> Result<Framing, Refusal> {
    match (lengths, transfer_encodings) {
        ([], []) => Ok(Framing::Unsaid),
        ([one], []) => length(one),
        ([], [one])
            if version == Version::Http11 && one.trim_ascii().eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(Framing::Chunked)
        }
        ([_, _, ..], []) => refuse("The request has more than one `content-length`. Send one."),
        ([], _) => refuse("The request's `transfer-encoding` is not one `chunked` over HTTP/1.1."),
        (_, _) => refuse(
            "The request has both `content-length` and `transfer-encoding`. Send one of them.",
        ),
    }
}

/// Refuses methods that make no sense at a gate, upgrades, and bodies where none belongs.
///
/// `upgrade` says whether the request has an `upgrade` header; `http2-settings` goes with one.
///
/// # Errors
/// `invalid_request`.
pub fn check_method(method: &str, framing: Framing, upgrade: bool) -> Result<(), Refusal> {
    if matches!(method, "CONNECT" | "TRACE" | "TRACK") {
        return refuse("This gate neither tunnels nor traces. Call a route.");
    }
    if upgrade {
        return refuse("This gate does not change protocols. Leave out `upgrade`.");
    }
    let has_body = !matches!(framing, Framing::Unsaid | Framing::Length(0));
    if has_body && matches!(method, "GET" | "HEAD") {
        return refuse("A GET or HEAD request has no body here. Send it without one.");
    }
    Ok(())
}

/// The one host a request names, from the values of its `host` headers.
///
/// HTTP/2 requests may say it in `:authority` instead, HTTP/1.0 ones not at all.
///
/// # Errors
/// `invalid_request` for two, for one that is not plain text, and for none over HTTP/1.1.
pub fn host<'a>(version: Version, values: &[&'a [u8]]) -> Result<Option<&'a [u8]>, Refusal> {
    match values {
        [] if version == Version::Http11 => refuse("The request has no `host`. Send one."),
        [] => Ok(None),
        [one] => match trim_bytes(one) {
            host if is_authority(host) => Ok(Some(host)),
            _ => refuse(
                "The request's `host` is not a host name. Send `host: name` or `host: name:port`.",
            ),
        },
        _ => refuse("The request has more than one `host`. Send one."),
    }
}

/// Whether these are characters of `host` or `host:port`: no user, no path, nothing to decode.
pub(crate) fn is_authority(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'[' | b']')
        })
}

fn length(value: &[u8]) -> Result<Framing, Refusal> {
    match whole_number(trim_bytes(value)) {
        Some(length) => Ok(Framing::Length(length)),
        None => refuse("The request's `content-length` is not one whole number."),
    }
}

/// Digits alone: `parse` would take a sign.
pub(crate) fn whole_number(digits: &[u8]) -> Option<u64> {
    let with = |number: u64, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    (!digits.is_empty())
        .then(|| digits.iter().try_fold(0, with))
        .flatten()
}

fn refuse<T>(message: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::InvalidRequest, message))
}
