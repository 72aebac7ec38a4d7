//! What Envoy says of a request beside its head: from where it came, by which version, and who made a
//! response.

use std::collections::HashMap;
use std::net::SocketAddr;

use envoy_types::pb::google::protobuf::Struct;
use envoy_types::pb::google::protobuf::value::Kind;
use http::Version;
use signalbox_gate::{Code, Refusal};

/// What Envoy says beside a head, as far as it is configured to.
#[derive(Debug, Default)]
pub(crate) struct Attributes(HashMap<String, Struct>);

impl Attributes {
    pub(crate) const fn new(told: HashMap<String, Struct>) -> Self {
        Self(told)
    }

    /// Where the connection of the request is from (`source.address`).
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.text("source.address")?.parse().ok()
    }

    /// The version of the request (`request.protocol`).
    pub(crate) fn version(&self) -> Option<Version> {
        version(self.text("request.protocol")?)
    }

    /// What the client is told if the response is none of GT's (`response.code_details`).
    pub(crate) fn failure(&self) -> Option<(&'static str, Refusal)> {
        let details = self.text("response.code_details")?;
        if details == "via_upstream" {
            return None;
        }
        let has = |words: &[&str]| words.iter().any(|word| details.contains(word));
        Some(if has(&UNSENT) {
            // Nothing was sent: the client's library may try again by itself.
            let refusal = Refusal::of(Code::UpstreamUnreachable).retry_after(1);
            ("connect", refusal)
        } else if has(&["timeout"]) {
            ("first_byte_timeout", Refusal::of(Code::UpstreamTimeout))
        } else if has(&["protocol_error", "codec_error"]) {
            ("protocol", Refusal::of(Code::UpstreamProtocol))
        } else {
            let refusal = Refusal::new(
                Code::UpstreamUnreachable,
                "The connection to GT was lost after the request was sent. It may have had an effect.",
            );
            ("lost", refusal)
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.0.values().filter_map(|told| told.fields.get(name));
        match values.next()?.kind.as_ref()? {
            Kind::StringValue(text) => Some(text),
            _ => None,
        }
    }
}

/// What Envoy says of a request of which nothing was sent.
const UNSENT: [&str; 5] = [
    "connection_failure",
    "delayed_connect_error",
    "connection_timeout",
    "no_healthy_upstream",
    "overflow",
];

/// The version of a protocol, as Envoy writes it.
pub(crate) fn version(word: &str) -> Option<Version> {
    Some(match word {
        "HTTP/1.0" => Version::HTTP_10,
        "HTTP/1.1" => Version::HTTP_11,
        "HTTP/2" => Version::HTTP_2,
        "HTTP/3" => Version::HTTP_3,
        _ => return None,
    })
}
