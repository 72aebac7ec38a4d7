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
    stream.each_header(Headers::Request, |name, value| {
        is_whole &= match name {
            b":method" => set(&mut head.method, Method::from_bytes(value).ok()),
            b":path" => {
                let uri = Uri::from_maybe_shared(Bytes::copy_from_slice(value));
                set(&mut head.uri, uri.ok())
            }
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
    write(stream, Headers::Request, &head.headers);
    stream.set_header(
        Headers::Request,
        b":method",
        head.method.as_str().as_bytes(),
    );
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    stream.set_header(Headers::Request, b":path", target.as_bytes());
    stream.set_header(Headers::Request, b":authority", host.as_bytes());
}

/// A head as a list, for a request of our own.
pub(crate) fn listed<'h>(head: &'h Parts, host: &'h str) -> Vec<(&'h [u8], &'h [u8])> {
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut all: Vec<(&[u8], &[u8])> = vec![
        (b":method", head.method.as_str().as_bytes()),
        (b":path", target.as_bytes()),
        (b":authority", host.as_bytes()),
    ];
    let headers = head.headers.iter().filter(|(name, _)| *name != HOST);
    all.extend(headers.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())));
    all
}

/// The head of GT's response; `None` if it is none.
pub(crate) fn read_response(stream: &Stream<'_>) -> Option<response::Parts> {
    let mut head = ResponseHead::default();
    stream.each_header(Headers::Response, |name, value| head.add(name, value));
    head.finish()
}

/// Makes Envoy's head of a response this one.
pub(crate) fn write_response(stream: &Stream<'_>, head: &response::Parts) {
    write(stream, Headers::Response, &head.headers);
    stream.set_header(
        Headers::Response,
        b":status",
        head.status.as_str().as_bytes(),
    );
}

/// No rule says which trailers may pass.
pub(crate) fn drop_trailers(stream: &Stream<'_>, which: Headers) {
    let mut names = Vec::new();
    stream.each_header(which, |name, _value| names.push(name.to_vec()));
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
        self.is_whole &= match name {
            b":status" => set(&mut self.head.status, StatusCode::from_bytes(value).ok()),
            // Whether it was GT that took so long is Envoy's own matter.
            b"x-envoy-upstream-service-time" => true,
            name => add(&mut self.head.headers, name, value),
        };
    }

    pub(crate) fn finish(self) -> Option<response::Parts> {
        self.is_whole.then_some(self.head)
    }
}

/// Makes one of Envoy's maps say what `headers` does. What it says already stays as it is.
fn write(stream: &Stream<'_>, which: Headers, headers: &HeaderMap) {
    let mut stale: Vec<Vec<u8>> = Vec::new();
    let mut same: Vec<(&HeaderName, usize)> = Vec::with_capacity(USUAL);
    stream.each_header(which, |name, value| {
        if name.starts_with(b":") {
            return;
        }
        let text = std::str::from_utf8(name).unwrap_or_default();
        let Some((known, own)) = find(headers, text) else {
            stale.push(name.to_vec());
            return;
        };
        match same.iter_mut().find(|(name, _)| *name == known) {
            // A second line of it: all are written anew.
            Some((_, lines)) => *lines += 1,
            None if own.as_bytes() == value => same.push((known, 1)),
            None => same.push((known, usize::MAX / 2)),
        }
    });
    for name in stale {
        stream.remove_header(which, &name);
    }
    for name in headers.keys() {
        let lines = same
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, lines)| *lines);
        let mut values = headers.get_all(name).iter();
        let first = values.next();
        let rest: Vec<_> = values.collect();
        if lines == Some(1) && rest.is_empty() {
            continue;
        }
        let name = name.as_str().as_bytes();
        if let Some(first) = first {
            stream.set_header(which, name, first.as_bytes());
        }
        for value in rest {
            stream.add_header(which, name, value.as_bytes());
        }
    }
}

fn find<'m>(headers: &'m HeaderMap, name: &str) -> Option<(&'m HeaderName, &'m HeaderValue)> {
    let value = headers.get(name)?;
    let known = headers.keys().find(|known| known.as_str() == name)?;
    Some((known, value))
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

fn add(headers: &mut HeaderMap, name: &[u8], value: &[u8]) -> bool {
    let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
    else {
        return false;
    };
    headers.append(name, value);
    true
}

/// What most heads have no more of.
const USUAL: usize = 24;
