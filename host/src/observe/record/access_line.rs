//! The line of a request that has ended, as far as it may be written down.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;

use super::DecisionId;
use super::noted::SharedFields;
use crate::observe::spent::Spent;

/// One line of the request log. Nothing in it is a secret, and what is not known is not in it.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "docs/observability.md says what each field is")]
pub struct AccessLine<'a> {
    pub id: DecisionId,
    pub key: Option<&'a str>,
    pub policy: Option<&'a str>,
    pub generation: Option<u64>,
    pub method: &'a str,
    pub route: Option<&'a str>,
    pub model: Option<&'a str>,
    /// Where the fields from `key` to `model` are kept as they are written, if other lines have the
    /// same.
    pub shared: Option<&'a SharedFields>,
    pub status: Option<u16>,
    pub outcome: &'a str,
    pub code: &'a str,
    pub client: Option<IpAddr>,
    pub client_hash: Option<&'a str>,
    pub protocol: &'a str,
    pub is_tls: bool,
    pub upstream: Option<&'a str>,
    pub is_streamed: bool,
    pub request_bytes: u64,
    pub answer_bytes: u64,
    pub micros: u64,
    pub first_byte_micros: Option<u64>,
    pub policy_micros: u64,
    pub upstream_micros: Option<u64>,
    pub spent: Option<Spent>,
}

/// Takes the fields of a line, one after the other. What is not known is left out. A name comes as it
/// stands in an object of JSON after another field: `,"id":`.
pub trait AccessFields {
    /// A text.
    fn text(&mut self, name: &'static str, value: &str);
    /// What is written as a text.
    fn shown(&mut self, name: &'static str, value: &dyn fmt::Display);
    /// A number.
    fn number(&mut self, name: &'static str, value: u64);
    /// Whether something is so.
    fn flag(&mut self, name: &'static str, value: bool);
    /// What [`AccessLine::shared_fields`] of this line hands on, which may have been kept.
    fn shared(&mut self, line: &AccessLine<'_>);
}

/// A name as [`AccessFields`] have it.
macro_rules! name {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// Writes lines in place of tracing.
type Writer = Box<dyn Fn(&AccessLine<'_>) + Send + Sync>;

static WRITER: OnceLock<Writer> = OnceLock::new();

impl AccessLine<'_> {
    /// From now on `writer` writes the lines of this process that tracing's filter lets pass; an
    /// event of tracing costs several times as much as the line. Whether it is the first: the others
    /// write nothing.
    pub fn set_writer(writer: impl Fn(&AccessLine<'_>) + Send + Sync + 'static) -> bool {
        WRITER.set(Box::new(writer)).is_ok()
    }

    pub(super) fn write(&self) {
        match WRITER.get() {
            Some(writer) => writer(self),
            None => self.event(),
        }
    }

    /// Hands its fields to `fields`, in the order in which the event has them.
    pub fn fields(&self, fields: &mut impl AccessFields) {
        fields.text(name!("message"), "ended");
        let digits = self.id.digits();
        fields.text(
            name!("id"),
            std::str::from_utf8(&digits).unwrap_or_default(),
        );
        fields.shared(self);
        number(fields, name!("status"), self.status.map(u64::from));
        fields.text(name!("outcome"), self.outcome);
        fields.text(name!("code"), self.code);
        if let Some(client) = self.client {
            fields.shown(name!("client"), &Address(client));
        }
        text(fields, name!("client_hash"), self.client_hash);
        fields.text(name!("protocol"), self.protocol);
        fields.flag(name!("tls"), self.is_tls);
        text(fields, name!("upstream"), self.upstream);
        fields.flag(name!("streamed"), self.is_streamed);
        fields.number(name!("request_bytes"), self.request_bytes);
        fields.number(name!("answer_bytes"), self.answer_bytes);
        fields.number(name!("micros"), self.micros);
        number(fields, name!("first_byte_micros"), self.first_byte_micros);
        fields.number(name!("policy_micros"), self.policy_micros);
        number(fields, name!("upstream_micros"), self.upstream_micros);
        if let Some(spent) = &self.spent {
            spent_fields(spent, fields);
        }
    }

    /// Hands on the fields that are the same for all requests of a plan.
    pub fn shared_fields(&self, fields: &mut impl AccessFields) {
        text(fields, name!("key"), self.key);
        text(fields, name!("policy"), self.policy);
        number(fields, name!("generation"), self.generation);
        fields.text(name!("method"), self.method);
        text(fields, name!("route"), self.route);
        text(fields, name!("model"), self.model);
    }

    /// The line as an event of tracing.
    pub fn event(&self) {
        let usage = self.spent.map(|spent| spent.tokens.usage);
        tracing::info!(
            target: "signalbox::access",
            id = %self.id,
            key = self.key,
            policy = self.policy,
            generation = self.generation,
            method = self.method,
            route = self.route,
            model = self.model,
            status = self.status,
            outcome = self.outcome,
            code = self.code,
            client = self.client.map(|client| tracing::field::display(Address(client))),
            client_hash = self.client_hash,
            protocol = self.protocol,
            tls = self.is_tls,
            upstream = self.upstream,
            streamed = self.is_streamed,
            request_bytes = self.request_bytes,
            answer_bytes = self.answer_bytes,
            micros = self.micros,
            first_byte_micros = self.first_byte_micros,
            policy_micros = self.policy_micros,
            upstream_micros = self.upstream_micros,
            prompt_tokens = usage.and_then(|usage| usage.prompt),
            completion_tokens = usage.and_then(|usage| usage.completion),
            cached_tokens = usage.and_then(|usage| usage.cached),
            reasoning_tokens = usage.and_then(|usage| usage.reasoning),
            estimated = self.spent.map(|spent| spent.tokens.is_estimated),
            cost_nanos = self.spent.and_then(|spent| spent.cost_nanos),
            "ended"
        );
    }
}

fn spent_fields(spent: &Spent, fields: &mut impl AccessFields) {
    let usage = &spent.tokens.usage;
    number(fields, name!("prompt_tokens"), usage.prompt);
    number(fields, name!("completion_tokens"), usage.completion);
    number(fields, name!("cached_tokens"), usage.cached);
    number(fields, name!("reasoning_tokens"), usage.reasoning);
    fields.flag(name!("estimated"), spent.tokens.is_estimated);
    number(fields, name!("cost_nanos"), spent.cost_nanos);
}

fn text(fields: &mut impl AccessFields, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        fields.text(name, value);
    }
}

fn number(fields: &mut impl AccessFields, name: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        fields.number(name, value);
    }
}

/// An address, written in one piece: IPv4 by itself is handed on digit by digit.
struct Address(IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IpAddr::V4(address) = self.0 else {
            return self.0.fmt(formatter);
        };
        // As long as the longest.
        let (mut text, mut length) = (*b"255.255.255.255", 0);
        let mut places = text.iter_mut();
        let mut put = |byte| {
            if let Some(place) = places.next() {
                (*place, length) = (byte, length + 1);
            }
        };
        for (n, octet) in address.octets().into_iter().enumerate() {
            if n > 0 {
                put(b'.');
            }
            if octet > 99 {
                put(b'0' + octet / 100);
            }
            if octet > 9 {
                put(b'0' + octet / 10 % 10);
            }
            put(b'0' + octet % 10);
        }
        let text = text.get(..length).unwrap_or_default();
        formatter.write_str(std::str::from_utf8(text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_always_is() {
        let octets = [0, 1, 9, 10, 19, 99, 100, 109, 192, 255];
        let addresses = octets
            .into_iter()
            .flat_map(|a| octets.map(|b| IpAddr::from([a, b, b, a])))
            .chain(["::1", "2001:db8::9", "::ffff:192.0.2.7"].map(|v6| v6.parse().unwrap()));
        for address in addresses {
            assert_eq!(Address(address).to_string(), address.to_string());
        }
    }
}
