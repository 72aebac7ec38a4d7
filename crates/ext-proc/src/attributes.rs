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
        Some(match self.text("request.protocol")? {
            "HTTP/1.0" => Version::HTTP_10,
            "HTTP/1.1" => Version::HTTP_11,
            "HTTP/2" => Version::HTTP_2,
            "HTTP/3" => Version::HTTP_3,
            _ => return None,
        })
    }

    /// What the client is told if the response is none of GT's (`response.code_details`).
    pub(crate) fn failure(&self) -> Option<(&'static str, Refusal)> {
        let details = self.text("response.code_details")?;
        if details == "via_upstream" {
            return None;
        }
        let has = |word: &str| details.contains(word);
        let unsent = [
            "connection_failure",
            "connection_timeout",
            "no_healthy",
            "overflow",
        ];
        Some(if has("connection_") || unsent.into_iter().any(has) {
            // Nothing was sent: the client's library may try again by itself.
            let refusal = Refusal::of(Code::UpstreamUnreachable).retry_after(1);
            ("connect", refusal)
        } else if has("timeout") {
            ("first_byte_time", Refusal::of(Code::UpstreamTimeout))
        } else {
            let refusal = Refusal::new(
                Code::UpstreamUnreachable,
                "There is no answer of GT. The request may have had an effect.",
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
