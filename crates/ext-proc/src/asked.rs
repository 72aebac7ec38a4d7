//! A request as Envoy shows it when it asks for authorization.

use bytes::Bytes;
use envoy_types::pb::envoy::config::core::v3 as core;
use envoy_types::pb::envoy::config::core::v3::address::Address;
use envoy_types::pb::envoy::config::core::v3::socket_address::PortSpecifier;
use envoy_types::pb::envoy::service::auth::v3::CheckRequest;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{self, HttpRequest};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use signalbox_gate::{Code, Peer, Refusal};
use std::net::SocketAddr;

use crate::attributes::version;
use crate::headers::EnvoyHead;
use crate::opening::{UNKNOWN, declared};

/// A request as Envoy shows it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) head: Parts,
    pub(crate) peer: Peer,
    pub(crate) body: Shown,
    pub(crate) declared: Option<u64>,
}

/// What is shown of a body.
#[derive(Debug)]
pub(crate) enum Shown {
    Whole(Bytes),
    /// Nothing, or not all of it.
    Part,
}

impl Asked {
    /// Reads a question.
    ///
    /// # Errors
    /// If there is no request in it.
    pub(crate) fn read(request: CheckRequest) -> Result<Self, (Peer, Box<Refusal>)> {
        let attributes = request.attributes.unwrap_or_default();
        let address = attributes.source.as_ref().and_then(source);
        let mut peer = Peer::plain(address.unwrap_or(UNKNOWN));
        let http = attributes.request.and_then(|request| request.http);
        let malformed = || Box::new(Refusal::of(Code::InvalidRequest));
        let Some(mut http) = http else {
            return Err((peer, malformed()));
        };
        peer.is_tls = http.scheme == "https";
        let body = match http.raw_body.is_empty() {
            true => Bytes::from(std::mem::take(&mut http.body)),
            false => Bytes::from(std::mem::take(&mut http.raw_body)),
        };
        let Some(mut head) = parts(http) else {
            return Err((peer, malformed()));
        };
        let is_partial = head.headers.remove(PARTIAL);
        let is_partial = is_partial.as_ref().map(HeaderValue::as_bytes);
        let declared = declared(&head.headers);
        let is_whole = match (is_partial, declared) {
            (Some(b"false"), Some(length)) => body.len() as u64 == length,
            (Some(b"false"), None) => !body.is_empty() || has_none(&head.method),
            // It is not configured to show bodies.
            (None, length) => length == Some(0) || length.is_none() && has_none(&head.method),
            (Some(_), _) => false,
        };
        let declared = match (is_whole, declared) {
            (true, None) => Some(body.len() as u64),
            (_, declared) => declared,
        };
        Ok(Self {
            head,
            peer,
            body: match is_whole {
                true => Shown::Whole(body),
                false => Shown::Part,
            },
            declared,
        })
    }
}

/// Whether requests of this method have no body where none is declared.
fn has_none(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS
    )
}

fn parts(http: HttpRequest) -> Option<Parts> {
    let told = match http.header_map {
        // With `encode_raw_headers`: lines that came twice are two.
        Some(told) => told,
        None => core::HeaderMap {
            headers: http.headers.into_iter().map(header).collect(),
        },
    };
    let (mut head, ()) = Request::new(()).into_parts();
    head.headers = EnvoyHead::read(Some(told))?.headers;
    head.method = Method::from_bytes(http.method.as_bytes()).ok()?;
    head.uri = Uri::try_from(&http.path).ok()?;
    head.version = version(&http.protocol).unwrap_or_default();
    let host = HeaderValue::from_str(&http.host).ok()?;
    head.headers.entry(HOST).or_insert(host);
    Some(head)
}

fn header((key, value): (String, String)) -> core::HeaderValue {
    core::HeaderValue {
        key,
        value,
        ..core::HeaderValue::default()
    }
}

fn source(peer: &attribute_context::Peer) -> Option<SocketAddr> {
    let address = peer.address.as_ref()?.address.as_ref()?;
    let Address::SocketAddress(at) = address else {
        return None;
    };
    let Some(PortSpecifier::PortValue(port)) = at.port_specifier else {
        return None;
    };
    let port = u16::try_from(port).ok()?;
    Some(SocketAddr::new(at.address.parse().ok()?, port))
}

/// Envoy says so of each body it shows.
const PARTIAL: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");
