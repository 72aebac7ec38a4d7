//! Client addresses as hops tell them: read from those that are trusted, and told to GT if wanted.
//!
//! The list is walked from its end, which the hop before us wrote. Whatever stands before the first
//! address that is not a trusted hop's was written by that address itself, and is not believed.

use std::net::{IpAddr, SocketAddr};

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Version};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::request::client::{Client, Peer};
use crate::text::yaml::list;

/// Whose word on a client's address is taken, and what of it GT is told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ForwardedSettings {
    /// Addresses of hops before us. Nobody else is believed.
    #[serde(deserialize_with = "networks")]
    pub trust: Vec<IpNet>,
    /// The header they write. One that they do not write is the client's own, and not read.
    pub read: ForwardedHeader,
    /// What GT is told.
    pub send: Announce,
}

impl ForwardedSettings {
    /// Whether an address is that of a hop whose word is taken.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trust.iter().any(|network| network.contains(&address))
    }
}

/// A header that names the client of a hop.
///
/// Exhaustive on purpose: there are these two.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `x-forwarded-for`, which nearly every load balancer writes.
    #[default]
    XForwardedFor,
    /// `forwarded` of RFC 7239.
    Forwarded,
}

/// How GT is told of the client's address.
///
/// Exhaustive on purpose: there are these three.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Announce {
    /// Not at all: an address is about a person, and GT does not ask for it.
    #[default]
    #[serde(rename = "none")]
    Nothing,
    /// `x-forwarded-for` and `x-forwarded-proto`.
    XForwarded,
    /// `forwarded`.
    Forwarded,
}

/// Why a hop cannot be trusted as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum HopError {
    #[error("write an address or a network, like `10.0.0.0/8`, without bits beyond its prefix")]
    Network,
    #[error("it is written twice")]
    Twice,
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    list(deserializer, |text, before| {
        let network = network(text).ok_or(HopError::Network)?;
        if before.contains(&network) {
            return Err(HopError::Twice);
        }
        Ok(network)
    })
}

/// `10.0.0.0/8`, or one address. Bits beyond the prefix are a slip.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    (network.trunc() == network).then_some(network)
}

/// Who sent a request over a connection from `peer`.
pub(crate) fn client_of(
    settings: &ForwardedSettings,
    peer: Peer,
    headers: &HeaderMap,
    version: Version,
) -> Client {
    Client {
        address: client_address(settings, peer.address.ip(), headers),
        peer: peer.address,
        is_tls: peer.is_tls,
        version,
    }
}

/// The client's address: the peer's, unless the peer is a hop that is trusted to say another.
fn client_address(settings: &ForwardedSettings, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if !settings.trusts(peer) {
        return peer;
    }
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = match settings.read {
        ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, address),
        ForwardedHeader::Forwarded => (header::FORWARDED, forwarded_for),
    };
    let mut client = peer;
    for value in headers.get_all(name).iter().rev() {
        // A list that cannot be read says nothing, and nor does what stands before it.
        let Ok(list) = value.to_str() else { break };
        for element in elements(list).rev() {
            let Some(address) = read(element) else {
                return client;
            };
            client = address;
            if !settings.trusts(address) {
                return client;
            }
        }
    }
    client
}

/// Says in a request for GT whose it is, as the configuration has it. What the client itself sent
/// of this kind has not passed.
pub(crate) fn announce(send: Announce, client: &Client, headers: &mut HeaderMap) {
    let scheme = if client.is_tls { "https" } else { "http" };
    let (peer, client) = (client.peer.ip().to_canonical(), client.address);
    let hop = (peer != client).then_some(peer);
    match send {
        Announce::Nothing => {}
        Announce::XForwarded => {
            let list = match hop {
                None => client.to_string(),
                Some(hop) => format!("{client}, {hop}"),
            };
            insert(headers, X_FORWARDED_FOR, list);
            insert(headers, X_FORWARDED_PROTO, scheme.to_owned());
        }
        Announce::Forwarded => {
            let list = match hop {
                None => format!("for={};proto={scheme}", node(client)),
                Some(hop) => format!("for={}, for={};proto={scheme}", node(client), node(hop)),
            };
            insert(headers, header::FORWARDED, list);
        }
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    // An address is plain text.
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// RFC 7239 wants addresses of IPv6 in brackets, and these in quotes.
fn node(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    }
}

/// The elements of a list: commas in quotes do not divide it.
fn elements(list: &str) -> impl DoubleEndedIterator<Item = &str> {
    let mut is_quoted = false;
    let mut rest = list;
    let mut elements = Vec::new();
    while let Some(at) = rest.find(|c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    }) {
        let (element, after) = rest.split_at(at);
        elements.push(element);
        rest = after.get(1..).unwrap_or_default();
    }
    elements.push(rest);
    elements.into_iter()
}

/// The `for` of one element of `forwarded`; `None` if there is not one, or it is not an address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut named = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim_ascii()
            .eq_ignore_ascii_case("for")
            .then_some(value)
    });
    let value = named.next()?;
    if named.next().is_some() {
        return None;
    }
    let value = value.trim_ascii();
    let inside = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    address(inside.unwrap_or(value))
}

/// An address, with a port or without; one of IPv6 may be in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_ascii();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let address = inside.parse::<std::net::Ipv6Addr>().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests;
