//! One line in the log for each request, when it has ended.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use http::{Method, Version};

use super::access_line::AccessLine;
use super::noted::{Noted, SharedFields};
use super::redactor::Redactor;
use super::{Decider, DecisionId, PlanNotes};
use crate::config::ClientAddress;
use crate::observe::spent::Spent;

/// What there is to tell of a request that has ended.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    /// Its id, which the client was told.
    pub id: DecisionId,
    /// The id of the key it came with.
    pub key: Option<&'a str>,
    /// Who decided; `None` if no policy was asked.
    pub policy: Option<&'a Decider>,
    /// Its method.
    pub method: &'a Method,
    /// The policy's route, as `METHOD template`.
    pub route: Option<&'a str>,
    /// The model the client named.
    pub model: Option<&'a str>,
    /// Whether the policy lists it.
    pub is_model_listed: bool,
    /// What is kept with the plan of all these.
    pub notes: Option<&'a PlanNotes>,
    /// The status of the answer; `None` if the client went before there was one.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: &'static str,
    /// The same more closely: a code of the host or of the policy.
    pub code: &'a str,
    /// Where it came from.
    pub client: IpAddr,
    /// The version of HTTP it came by.
    pub protocol: Version,
    /// Whether it came over TLS.
    pub is_tls: bool,
    /// The host of GT it went to.
    pub upstream: Option<&'a str>,
    /// Whether the answer was a stream of events.
    pub is_streamed: bool,
    /// Bytes of its body that went to GT.
    pub request_bytes: u64,
    /// Bytes of the answer's body that went to the client.
    pub answer_bytes: u64,
    /// From its head to the end of its answer.
    pub took: Duration,
    /// From its head to the first byte of its answer.
    pub first_byte: Option<Duration>,
    /// In policies, all calls together.
    pub policy_time: Duration,
    /// From the request sent to GT to the end of the answer.
    pub upstream_time: Option<Duration>,
    /// The tokens it took, and what they cost.
    pub spent: Option<Spent>,
}

/// It holds a model's name as it came: nothing of it is printed by accident.
impl fmt::Debug for Access<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Access")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Access<'_> {
    /// Writes the line.
    pub(super) fn log(&self, shown: &Redactor, address: ClientAddress) {
        let model = self
            .model
            .map(|name| shown.model(name, self.is_model_listed));
        let hashed = (address == ClientAddress::Hashed).then(|| shown.address(self.client));
        let line = AccessLine {
            id: self.id,
            key: self.key,
            policy: self.policy.map(|policy| &*policy.name),
            generation: self.policy.map(|policy| policy.generation),
            method: method(self.method),
            route: self.route,
            model: model.as_deref(),
            shared: self.shared(),
            status: self.status,
            outcome: self.outcome,
            code: self.code,
            client: match address {
                ClientAddress::Whole => Some(self.client),
                ClientAddress::Network => Some(network(self.client)),
                ClientAddress::Hashed | ClientAddress::Hidden => None,
            },
            client_hash: hashed.as_deref(),
            protocol: protocol(self.protocol),
            is_tls: self.is_tls,
            upstream: self.upstream,
            is_streamed: self.is_streamed,
            request_bytes: self.request_bytes,
            answer_bytes: self.answer_bytes,
            micros: micros(self.took),
            first_byte_micros: self.first_byte.map(micros),
            policy_micros: micros(self.policy_time),
            upstream_micros: self.upstream_time.map(micros),
            spent: self.spent,
        };
        line.write();
    }

    fn shared(&self) -> Option<&SharedFields> {
        let noted = self.notes?.get_or_leave(Noted::default)?;
        Some(&noted.line)
    }
}

/// A method there is a name for. A client may invent others, and put anything into them.
pub(crate) fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}

/// The version of HTTP, as OpenTelemetry writes it.
pub(crate) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

/// The network an address is in: what is left tells of a provider or a company, not of a person.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
