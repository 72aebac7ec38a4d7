//! What the doors let pass in a head, and the gate does not: whatever is not one plain request.

use http::request::Parts;
use http::{HeaderValue, Method, Version, header};
use signalbox_http::head::{self, Framing};
use signalbox_http::refusal::{Code, Refusal};

use crate::request::client_head::ClientHead;
use crate::request::framed::Framed;

/// Refuses what is not one plain request, whichever version it came by.
///
/// The door's HTTP library has refused different lengths already. `has_body` says what frames say over
/// HTTP/2.
pub(crate) fn check_syntax(
    head: &ClientHead,
    framing: Framed,
    has_body: bool,
) -> Result<(), Refusal> {
    let ClientHead { parts, fields } = head;
    let version = match parts.version {
        Version::HTTP_10 => head::Version::Http10,
        Version::HTTP_2 => head::Version::Http2,
        _ => head::Version::Http11,
    };
    check_framed(framing)?;
    let (lengths, codings) = (&fields.content_length, &fields.transfer_encoding);
    let framing = head::framing(version, &lengths.values(), &codings.values())?;
    let upgrades = fields.upgrade.values();
    check_websocket(&parts.method, &upgrades)?;
    head::check_method(
        parts.method.as_str(),
        if has_body { Framing::Chunked } else { framing },
        wants_other_protocol(&upgrades),
    )?;
    // Over HTTP/2 it was made of `:authority`.
    let names_host = match version {
        head::Version::Http2 => head::Version::Http11,
        version => version,
    };
    head::host(names_host, &fields.host.values())?;
    check_expect(&fields.expect.values(), framing)?;
    match fields.conversation.all() {
        [] => {}
        [value] if value.as_bytes().trim_ascii().is_empty() => {
            return refuse("`x-gt-conversation-id` is empty. Send an id, or leave it out.");
        }
        [_] => {}
        _ => return refuse("The request has more than one `x-gt-conversation-id`. Send one."),
    }
    let is_text = |value: &HeaderValue| value.to_str().is_ok();
    if !fields.content_type.all().iter().all(is_text) {
        return refuse("The request's `content-type` is not plain text.");
    }
    Ok(())
}

/// Refuses a `connection` that names a header of the request: a hop that does as it is told would have
/// made another request of this one, and what is not passed on is not to decide.
pub(crate) fn check_connection(head: &ClientHead) -> Result<(), Refusal> {
    let ClientHead { parts, fields } = head;
    let connection = fields.connection.values();
    let takes_away = |name: &str| !head::is_hop_by_hop(name) && parts.headers.contains_key(name);
    match head::connection_names(&connection).any(takes_away) {
        true => refuse("`connection` names a header of the request. Leave that name out."),
        false => Ok(()),
    }
}

/// Refuses a head that says in two ways how long its body is.
///
/// The chunks count; a hop before us that went by the length saw another request.
fn check_framed(framing: Framed) -> Result<(), Refusal> {
    match framing {
        Framed::Plainly => Ok(()),
        Framed::Twice => refuse(
            "The request has both `content-length` and `transfer-encoding`. Send one of them.",
        ),
    }
}

/// Refuses what HTTP/2 frames carry and one plain request does not. h2 has refused what is no
/// request at all: no or two `:method`, `:scheme` or `:path`, upper-case names, headers of the
/// connection, `te` but for `trailers`.
pub(crate) fn check_http2(head: &Parts, largest_head: u64) -> Result<(), Refusal> {
    if head.version != Version::HTTP_2 {
        return Ok(());
    }
    check_size(head, largest_head)?;
    match head.uri.scheme_str() {
        // Dropped by h2 where there is no authority.
        None | Some("http" | "https") => {}
        Some(_) => return refuse("The request's `:scheme` is neither `http` nor `https`."),
    }
    if head
        .uri
        .path_and_query()
        .is_none_or(|path| !path.as_str().starts_with('/'))
    {
        return refuse("The request's `:path` does not begin with `/`.");
    }
    let hosts = head.headers.get_all(header::HOST);
    let authority = head
        .uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let differs = |host: &[u8]| authority.is_some_and(|name| !name.eq_ignore_ascii_case(host));
    if hosts.iter().any(|host| differs(host.as_bytes())) {
        return refuse("The request's `host` and `:authority` differ. Send one of them.");
    }
    Ok(())
}

/// Refuses a WebSocket handshake with the one status that sends clients on over HTTP at once.
///
/// Codex begins with a WebSocket. After a 426 it takes HTTP for the rest of its session; after any
/// other status it tries again first.
fn check_websocket(method: &Method, offers: &[&[u8]]) -> Result<(), Refusal> {
    match offers {
        [offer] if method == Method::GET && is(offer, b"websocket") => {
            Err(Refusal::of(Code::WebsocketNotSupported))
        }
        _ => Ok(()),
    }
}

/// Whether a request is to become something else than requests and answers.
///
/// An offer of HTTP/2 is not taken up and changes nothing: Java's client makes one with every first
/// request without TLS, and `curl --http2` does.
fn wants_other_protocol(offers: &[&[u8]]) -> bool {
    offers.iter().any(|offer| !is(offer, b"h2c"))
}

/// Whether an offer is of this protocol alone.
fn is(offer: &[u8], protocol: &[u8]) -> bool {
    offer.trim_ascii().eq_ignore_ascii_case(protocol)
}

/// Over HTTP/1 the reader of heads bounds both.
fn check_size(head: &Parts, most: u64) -> Result<(), Refusal> {
    let lines = head.headers.iter();
    let lines: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len() + OVERHEAD)
        .sum();
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if head.headers.len() > MAX_HEADERS || (lines + target) as u64 > most {
        return Err(Refusal::new(
            Code::HeadTooLarge,
            "The request's headers are too large or too many. Send fewer or shorter headers.",
        ));
    }
    Ok(())
}

fn check_expect(expectations: &[&[u8]], framing: Framing) -> Result<(), Refusal> {
    match expectations.first() {
        None => Ok(()),
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => Ok(()),
        Some(_) if framing == Framing::Unsaid => Ok(()),
        Some(_) => refuse("This gate fulfils no expectation but `100-continue`."),
    }
}

fn refuse<T>(message: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::InvalidRequest, message))
}

/// Twice what the chattiest clients send through proxies.
pub const MAX_HEADERS: usize = 128;
/// What RFC 9113 counts for a header beside its characters.
const OVERHEAD: usize = 32;
