//! The first message of a stream: the head of a request.

use std::net::{Ipv4Addr, SocketAddr};

use envoy_types::pb::envoy::service::ext_proc::v3::ProcessingRequest;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use signalbox_gate::{Code, Peer, Refusal};

use crate::attributes::Attributes;
use crate::headers::EnvoyHead;
use crate::modes::Modes;

/// The head of a request, as the first message has it.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) head: Parts,
    pub(crate) peer: Peer,
    pub(crate) modes: Modes,
    /// The length of its body, as far as the head says.
    pub(crate) declared: Option<u64>,
    pub(crate) has_body: bool,
}

/// Why there is no such head.
#[derive(Debug)]
pub(crate) enum NoOpening {
    /// It is no message a stream begins with.
    Unexpected,
    /// It is no request.
    Malformed(Peer, Box<Refusal>),
    /// The proxy is configured so that nothing can be promised.
    Misconfigured(Peer, &'static str),
}

impl Opening {
    pub(crate) fn read(message: ProcessingRequest) -> Result<Self, NoOpening> {
        let Some(Message::RequestHeaders(told)) = message.request else {
            return Err(NoOpening::Unexpected);
        };
        let attributes = Attributes::new(message.attributes);
        let head = EnvoyHead::read(told.headers);
        let is_tls = head.as_ref().and_then(|head| head.pseudo(":scheme")) == Some("https");
        let peer = Peer {
            address: attributes.source().unwrap_or(UNKNOWN),
            is_tls,
        };
        if message.observability_mode {
            return Err(NoOpening::Misconfigured(peer, OBSERVED));
        }
        let modes = Modes::of(message.protocol_config);
        let modes = modes.map_err(|why| NoOpening::Misconfigured(peer, why))?;
        let malformed = || NoOpening::Malformed(peer, Box::new(Refusal::of(Code::InvalidRequest)));
        let version = attributes.version().unwrap_or(Version::HTTP_11);
        let head = parts(head.ok_or_else(malformed)?, version).ok_or_else(malformed)?;
        let has_body = !told.end_of_stream;
        Ok(Self {
            declared: match has_body {
                true => declared(&head.headers),
                false => Some(0),
            },
            has_body,
            head,
            peer,
            modes,
        })
    }
}

/// The head as the gate wants it: what HTTP/2 has in `:authority` is in `host`.
fn parts(told: EnvoyHead, version: Version) -> Option<Parts> {
    let method = Method::from_bytes(told.pseudo(":method")?.as_bytes()).ok()?;
    let target = Uri::try_from(told.pseudo(":path")?).ok()?;
    let authority = told.pseudo(":authority").unwrap_or_default();
    let authority = HeaderValue::from_str(authority).ok()?;
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = method;
    head.uri = target;
    head.version = version;
    head.headers = told.headers;
    head.headers.entry(HOST).or_insert(authority);
    Some(head)
}

/// The one length a head declares.
pub(crate) fn declared(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next()?.to_str().ok()?;
    let is_plain = length.bytes().all(|byte| byte.is_ascii_digit());
    length
        .parse()
        .ok()
        .filter(|_| is_plain && lengths.next().is_none())
}

/// Where a request is from of which Envoy does not say it: the proxy itself, which is on this machine
/// or has shown a certificate. `forwarded` of the configuration may trust it.
pub(crate) const UNKNOWN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const OBSERVED: &str = "`observability_mode` forwards whatever is answered: turn it off";
