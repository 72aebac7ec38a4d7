//! Where a host's operators connect.

use std::{fmt, str::FromStr};

use http::Uri;

/// `http://host:port` or `https://host:port`, and the path below which the API lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Whether TLS is spoken.
    pub(super) is_tls: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Without a final slash; mostly empty.
    base: String,
}

impl Address {
    /// What stands in `host`.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The request target of a path of the API.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let uri: Uri = text.parse().map_err(|_| BadAddress)?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(BadAddress),
        };
        let authority = uri.authority().ok_or(BadAddress)?;
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(BadAddress);
        }
        let port = match authority.as_str().rsplit_once(':') {
            // The colons of an address in brackets are not before a port.
            Some((_, port)) if !port.ends_with(']') => port.parse().map_err(|_| BadAddress)?,
            _ if is_tls => 443,
            _ => 80,
        };
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
            base: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as http://127.0.0.1:8081, without user, query or fragment")]
pub(crate) struct BadAddress;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_alike() {
        for (text, shown) in [
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
            ("http://localhost", "http://localhost:80"),
            ("https://[::1]:9000/", "https://[::1]:9000"),
            (
                "https://ops.example/signalbox/",
                "https://ops.example:443/signalbox",
            ),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
        }
        let below: Address = "https://ops.example/signalbox/".parse().unwrap();
        assert_eq!(below.target("/swaps"), "/signalbox/swaps");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "127.0.0.1:8081",
            "localhost",
            "ftp://127.0.0.1",
            "http://",
            "http://:8081",
            "http://me@127.0.0.1",
            "http://127.0.0.1:70000",
            "http://127.0.0.1/?token=x",
            "http://a b",
        ] {
            assert_eq!(text.parse::<Address>(), Err(BadAddress), "{text}");
        }
    }
}
