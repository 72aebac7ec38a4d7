//! Heads between Pingora and the gate.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri, Version};
use pingora::proxy::Session;
use signalbox_gate::{Framed, Gate, IncomingRequest, Peer};

/// The request as it came.
pub(crate) fn incoming(gate: &Gate, session: &mut Session) -> IncomingRequest {
    let mut head = session.req_header().as_owned_parts();
    // Of an absolute target in HTTP/1 Pingora keeps the authority in the bytes alone.
    if !session.is_http2()
        && let Ok(target) = Uri::try_from(session.req_header().raw_path())
    {
        head.uri = target;
    }
    name_host(&mut head);
    let peer = peer(session);
    IncomingRequest {
        client: gate.client_of(peer, &head.headers, head.version),
        framing: framing(session),
        declared: declared(session, &head.headers),
        whole: None::<Bytes>,
        head,
    }
}

/// The other end of the connection. Who comes over a Unix socket has no address, and none that could be trusted.
fn peer(session: &Session) -> Peer {
    let address = session.client_addr().and_then(|address| address.as_inet());
    let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let digest = session.digest();
    Peer {
        address: address.copied().unwrap_or(nowhere),
        is_tls: digest.is_some_and(|digest| digest.ssl_digest.is_some()),
    }
}

/// `:authority` is what HTTP/1 has in `host`: the gate finds it there. If both are there, both stay and have to agree.
fn name_host(head: &mut Parts) {
    if head.version != Version::HTTP_2 || head.headers.contains_key(HOST) {
        return;
    }
    let authority = head.uri.authority();
    let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        head.headers.insert(HOST, host);
    }
}

/// Pingora drops a length beside chunks; in the bytes of the head it is still there.
fn framing(session: &Session) -> Framed {
    if !session.req_header().headers.contains_key(TRANSFER_ENCODING) {
        return Framed::Plainly;
    }
    let is_length = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"content-length")
    };
    match session
        .to_h1_raw()
        .split(|byte| *byte == b'\n')
        .any(is_length)
    {
        true => Framed::Twice,
        false => Framed::Plainly,
    }
}

/// The length of the body; `None` if its end is not known yet, zero if there is none.
fn declared(session: &mut Session, headers: &HeaderMap) -> Option<u64> {
    if session.is_body_empty() {
        return Some(0);
    }
    content_length(headers)
}

/// What `content-length` says.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Says how the body of a request for GT ends.
pub(crate) fn frame(headers: &mut HeaderMap, length: Option<u64>) {
    match length {
        Some(length) => headers.insert(CONTENT_LENGTH, HeaderValue::from(length)),
        None => headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
    };
}
