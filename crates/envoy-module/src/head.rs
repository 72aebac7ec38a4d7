//! Heads, between Envoy's maps and those of the `http` crate.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::response;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
};
use signalbox_gate::Peer;

use crate::abi::{Attribute, Headers, Stream};

/// The head of a request; `None` if it is none that the gate could look at.
pub(crate) fn read_request(stream: &Stream<'_>) -> Option<Parts> {
    let (mut head, ()) = Request::new(()).into_parts();
    head.headers.reserve(USUAL);
    let mut is_whole = true;
    stream.copy_headers(Headers::Request, |name, value| {
        is_whole &= match name {
            b":method" => set(&mut head.method, Method::from_bytes(&value).ok()),
            b":path" => set(&mut head.uri, Uri::from_maybe_shared(value).ok()),
            // What HTTP/1 has in `host`: the gate finds it there.
            b":authority" => add(&mut head.headers, HOST.as_str().as_bytes(), value),
            b":scheme" => true,
            name => add(&mut head.headers, name, value),
        };
    });
    head.version = version(stream);
    is_whole.then_some(head)
}

/// Where the connection is from; `None` if that is no IP address.
pub(crate) fn peer(stream: &Stream<'_>) -> Option<Peer> {
    let address = stream.attribute(Attribute::SourceAddress, |text| {
        text.parse::<SocketAddr>().ok()
    });
    let is_tls = stream.attribute(Attribute::TlsVersion, |version| Some(!version.is_empty()));
    Some(Peer {
        address: address?,
        is_tls: is_tls.unwrap_or(false),
    })
}

/// Makes Envoy's head of a request the one for GT.
pub(crate) fn write_request(stream: &Stream<'_>, mut head: Parts, host: &str, length: Option<u64>) {
    head.headers.remove(HOST);
    write_length(&mut head.headers, length);
    let pseudo = [
        (":method", head.method.as_str()),
        (":path", target(&head)),
        (":authority", host),
    ];
    write(stream, Headers::Request, &pseudo, &head.headers);
}

/// A head as a list, for a request of our own.
pub(crate) fn listed<'h>(head: &'h Parts, host: &'h str) -> Vec<(&'h [u8], &'h [u8])> {
    let mut all: Vec<(&[u8], &[u8])> = vec![
        (b":method", head.method.as_str().as_bytes()),
        (b":path", target(head).as_bytes()),
        (b":authority", host.as_bytes()),
    ];
    let headers = head.headers.iter().filter(|(name, _)| *name != HOST);
    all.extend(headers.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())));
    all
}

/// The head of GT's response; `None` if it is none.
pub(crate) fn read_response(stream: &Stream<'_>) -> Option<response::Parts> {
    let mut head = ResponseHead::default();
    stream.copy_headers(Headers::Response, |name, value| {
        head.add_shared(name, value);
    });
    head.finish()
}

/// Makes Envoy's head of a response this one.
pub(crate) fn write_response(stream: &Stream<'_>, head: &response::Parts) {
    let pseudo = [(":status", head.status.as_str())];
    write(stream, Headers::Response, &pseudo, &head.headers);
}

/// No rule says which trailers may pass.
pub(crate) fn drop_trailers(stream: &Stream<'_>, which: Headers) {
    let mut names = Vec::new();
    stream.see_headers(which, |name, _value| names.push(name.to_vec()));
    for name in names {
        stream.remove_header(which, &name);
    }
}

/// The head of a response, as it is read.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    head: response::Parts,
    is_whole: bool,
}

impl Default for ResponseHead {
    fn default() -> Self {
        let (head, ()) = Response::new(()).into_parts();
        Self {
            head,
            is_whole: true,
        }
    }
}

impl ResponseHead {
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) {
        self.add_shared(name, Bytes::copy_from_slice(value));
    }

    fn add_shared(&mut self, name: &[u8], value: Bytes) {
        self.is_whole &= match name {
            b":status" => set(&mut self.head.status, StatusCode::from_bytes(&value).ok()),
            // Whether it was GT that took so long is Envoy's own matter.
            b"x-envoy-upstream-service-time" => true,
            name => add(&mut self.head.headers, name, value),
        };
    }

    pub(crate) fn finish(self) -> Option<response::Parts> {
        self.is_whole.then_some(self.head)
    }
}

/// A line that a head is to have.
#[derive(Debug)]
struct Line<'h> {
    name: &'h str,
    value: &'h [u8],
    /// Whether it has the name of the line before it.
    is_further: bool,
    /// How many lines Envoy has of its name, and whether the first has its value.
    found: usize,
    is_same: bool,
}

impl<'h> Line<'h> {
    const fn new(name: &'h str, value: &'h [u8]) -> Self {
        Self {
            name,
            value,
            is_further: false,
            found: 0,
            is_same: false,
        }
    }
}

/// Makes one of Envoy's maps say what these do. Each call of Envoy for a header takes it about as long as all of this, so
/// what it says already stays as it is, and what it has not is added without a search for it.
fn write(stream: &Stream<'_>, which: Headers, pseudo: &[(&str, &str)], headers: &HeaderMap) {
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(USUAL);
    let pseudo = pseudo.iter().copied();
    lines.extend(pseudo.map(|(name, value)| Line::new(name, value.as_bytes())));
    for (name, value) in headers {
        let mut line = Line::new(name.as_str(), value.as_bytes());
        line.is_further = lines.last().is_some_and(|last| last.name == line.name);
        lines.push(line);
    }
    for name in stale(stream, which, &mut lines).split(|byte| *byte == END) {
        if !name.is_empty() {
            stream.remove_header(which, name);
        }
    }
    for group in lines.chunk_by(|_, next| next.is_further) {
        let Some((first, further)) = group.split_first() else {
            continue;
        };
        let name = first.name.as_bytes();
        match (first.found, further) {
            (1, []) if first.is_same => continue,
            (0, _) if !name.starts_with(b":") => stream.add_header(which, name, first.value),
            _ => stream.set_header(which, name, first.value),
        }
        for line in further {
            stream.add_header(which, name, line.value);
        }
    }
}

/// Notes what Envoy has of these lines: the names that it has beside them, each with an end of its own.
fn stale(stream: &Stream<'_>, which: Headers, lines: &mut [Line<'_>]) -> Vec<u8> {
    let mut stale = Vec::new();
    stream.see_headers(which, |name, value| {
        let line = lines.iter_mut().find(|line| line.name.as_bytes() == name);
        match line {
            Some(line) => {
                line.found += 1;
                line.is_same = line.found == 1 && line.value == value;
            }
            // `:scheme`, which is Envoy's.
            None if name.starts_with(b":") => {}
            None => {
                stale.extend_from_slice(name);
                stale.push(END);
            }
        }
    });
    stale
}

fn target(head: &Parts) -> &str {
    let target = head.uri.path_and_query();
    target.map_or("/", |target| target.as_str())
}

fn write_length(headers: &mut HeaderMap, length: Option<u64>) {
    match length {
        Some(length) => drop(headers.insert(CONTENT_LENGTH, HeaderValue::from(length))),
        None => drop(headers.remove(CONTENT_LENGTH)),
    }
}

fn version(stream: &Stream<'_>) -> Version {
    let version = stream.attribute(Attribute::Protocol, |protocol| match protocol {
        "HTTP/1.0" => Some(Version::HTTP_10),
        "HTTP/2" => Some(Version::HTTP_2),
        "HTTP/3" => Some(Version::HTTP_3),
        _ => None,
    });
    version.unwrap_or(Version::HTTP_11)
}

fn set<T>(place: &mut T, value: Option<T>) -> bool {
    let is_one = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    is_one
}

fn add(headers: &mut HeaderMap, name: &[u8], value: Bytes) -> bool {
    let name = HeaderName::from_bytes(name);
    let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) else {
        return false;
    };
    headers.append(name, value);
    true
}

/// What most heads have no more of.
const USUAL: usize = 24;
/// No byte of a name.
const END: u8 = b'\n';
