//! The names a gate is known by.

use std::net::IpAddr;

use http::uri::Authority;

/// The names a gate is known by, for targets that name a host. Loopback is known without being
/// written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnHosts {
    /// The address it listens on.
    pub address: Option<IpAddr>,
    /// Its other names.
    pub names: Vec<String>,
}

impl OwnHosts {
    /// Whether an authority (`host` or `host:port`) names this gate.
    #[must_use]
    pub fn contain(&self, authority: &str) -> bool {
        names_a_host(authority, |host| {
            let address = host.parse::<IpAddr>();
            is_loopback(host)
                || address.is_ok_and(|address| self.address == Some(address))
                || self
                    .names
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(host))
        })
    }
}

/// Whether an authority (`host` or `host:port`) is an IP address.
#[must_use]
pub fn is_address(authority: &str) -> bool {
    names_a_host(authority, |host| host.parse::<IpAddr>().is_ok())
}

/// Whether an authority names a host that `is_it`, and says nothing of a user. An IPv6 address is
/// without its brackets there.
fn names_a_host(authority: &str, is_it: impl FnOnce(&str) -> bool) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host().trim_matches(['[', ']']);
    !authority.as_str().contains('@') && is_it(host)
}

/// Whether a host is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
