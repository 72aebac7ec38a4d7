//! Request heads and answer heads: which headers pass, who presents which key, how a body is framed.
//!
//! Names are compared without regard to case. Header values are given one per line of the head, so
//! that a header that came twice is seen twice.

mod framing;
mod names;

pub use framing::{Framing, Version, check_method, framing, host};
pub(crate) use framing::{is_authority, whole_number};

use crate::refusal::{Code, Refusal};
use names::Names;

/// Whether a request header goes to GT.
///
/// `route_extra` are the names the route lists beyond the fixed ones; what carries credentials,
/// belongs to the connection or speaks for GT or the gate does not pass even if listed.
/// `takes_conversation` says whether the route has `x-gt-conversation-id`.
#[must_use]
pub fn request_header_passes(name: &str, route_extra: &[String], takes_conversation: bool) -> bool {
    if name.eq_ignore_ascii_case("x-gt-conversation-id") {
        return takes_conversation;
    }
    if PASSES.has(name) || is_sdk_header(name) {
        return true;
    }
    route_extra
        .iter()
        .any(|extra| extra.eq_ignore_ascii_case(name))
        && !never_passes(name)
}

/// The names of the request headers that every route passes on, but for those of [`is_sdk_header`].
#[must_use]
pub fn passing_names() -> &'static [&'static str] {
    PASSES.all()
}

/// Whether this is a request header by which OpenAI's libraries speak of themselves, which every route
/// passes on.
#[must_use]
pub fn is_sdk_header(name: &str) -> bool {
    (starts_with(name, "openai-") || starts_with(name, "x-stainless-")) && !is_credential(name)
}

/// Whether no route may list this request header: credentials, framing, the connection's own,
/// addresses, and what GT or the gate says of itself.
#[must_use]
pub fn never_passes(name: &str) -> bool {
    is_credential(name)
        || is_hop_by_hop(name)
        || NEVER.has(name)
        || starts_with(name, "content-")
        || starts_with(name, "sec-")
        || starts_with(name, "x-forwarded-")
        || starts_with(name, "x-gt-")
        || starts_with(name, "x-signalbox-")
}

/// Whether a header carries a credential. A policy may neither read nor set one, GT does not get it,
/// and no record shows it. `signalbox_policy::headers` says the same of the same names.
#[must_use]
pub fn is_credential(name: &str) -> bool {
    CREDENTIALS.has(name) || has_credential_part(name.as_bytes())
}

/// Asked of nearly every header: few bytes begin one of the parts.
fn has_credential_part(name: &[u8]) -> bool {
    name.iter().enumerate().any(|(at, byte)| {
        matches!(byte | 0x20, b'a' | b'p' | b's' | b't')
            && name.get(at..).is_some_and(|rest| {
                CREDENTIAL_PARTS.iter().any(|part| {
                    rest.get(..part.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(part.as_bytes()))
                })
            })
    })
}

/// Whether a header belongs to one connection and never passes a proxy. The names that the
/// `connection` header lists do not either: see [`connection_names`].
#[must_use]
pub fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.has(name)
}

/// The names that the values of `connection` list.
pub fn connection_names<'a>(values: &[&'a [u8]]) -> impl Iterator<Item = &'a str> {
    values
        .iter()
        .flat_map(|value| value.split(|&byte| byte == b','))
        .filter_map(|name| str::from_utf8(name.trim_ascii()).ok())
        .filter(|name| !name.is_empty())
}

/// Whether a header of GT's answer goes to the client.
///
/// `changed` says that the body's bytes may change on the way (see
/// [`Restamp::changes_bytes`](crate::restamp::Restamp::changes_bytes)), so that nothing may be said
/// of their number or digest.
#[must_use]
pub fn answer_header_passes(name: &str, changed: bool) -> bool {
    let is_ours = is_hop_by_hop(name)
        || NOT_THE_CLIENTS.has(name)
        || starts_with(name, "access-control-")
        || starts_with(name, "x-signalbox-");
    let is_untrue = changed && OF_EXACT_BYTES.has(name);
    !is_ours && !is_untrue
}

/// The one bearer token of a request, from the values of its `authorization` headers.
///
/// The scheme is compared without regard to case; the token is of RFC 6750's characters.
///
/// # Errors
/// `invalid_api_key`, the same whether there is no header, two, another scheme or no plain token.
pub fn bearer<'a>(values: &[&'a [u8]]) -> Result<&'a str, Refusal> {
    let token = match values {
        [one] => token_of(one),
        _ => None,
    };
    token.ok_or_else(|| Refusal::of(Code::InvalidApiKey))
}

fn token_of(value: &[u8]) -> Option<&str> {
    let value = value.trim_ascii();
    let (scheme, token) = value.split_at(value.iter().position(|&byte| byte == b' ')?);
    let (_, token) = token.split_at(token.iter().position(|&byte| byte != b' ')?);
    (scheme.eq_ignore_ascii_case(b"bearer") && is_token68(token))
        .then(|| str::from_utf8(token).ok())
        .flatten()
}

/// RFC 7235's token68: some plain characters, then any number of `=`.
fn is_token68(token: &[u8]) -> bool {
    let plain = token.iter().rposition(|&byte| byte != b'=');
    plain.is_some_and(|last| token.iter().take(last + 1).all(is_token_byte))
}

const fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// What every route passes on. `accept-encoding` is not among them: the host asks GT for identity
/// where the answer is restamped, and passes the client's own only elsewhere.
static PASSES: Names = Names::new(&[
    "accept",
    "accept-language",
    "content-type",
    "user-agent",
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "tracestate",
]);

/// Headers that carry, or have carried somewhere, something that opens a door.
static CREDENTIALS: Names = Names::new(&[
    "authentication",
    "cookie",
    "cookie2",
    "helicone-auth",
    "ocp-apim-subscription-key",
    "proxy-authenticate",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "x-auth",
    "x-auth-key",
    "x-functions-key",
]);

/// What is in the names of all others.
const CREDENTIAL_PARTS: &[&str] = &[
    "api-key",
    "apikey",
    "api_key",
    "authorization",
    "password",
    "secret",
    "token",
];

static HOP_BY_HOP: Names = Names::new(&[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
]);

/// Request headers the host sets itself, or that make GT see another request than was decided on.
static NEVER: Names = Names::new(&[
    "accept-encoding",
    "early-data",
    "expect",
    "forwarded",
    "host",
    "if-range",
    "max-forwards",
    "origin",
    "range",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
]);

/// Answer headers that speak of GT's own host or credentials, or to a browser that talks to it.
static NOT_THE_CLIENTS: Names = Names::new(&[
    "alt-svc",
    "authentication-info",
    "clear-site-data",
    "location",
    "refresh",
    "server",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "www-authenticate",
]);

/// Answer headers that are true of exactly the bytes GT sent.
static OF_EXACT_BYTES: Names = Names::new(&[
    "accept-ranges",
    "content-digest",
    "content-length",
    "content-md5",
    "digest",
    "etag",
    "repr-digest",
    "signature",
    "signature-input",
    "x-content-digest",
]);

#[cfg(test)]
mod tests;
