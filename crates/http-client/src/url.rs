//! Where requests go. What a host is, and how an IPv6 address is written, is decided here.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use http::Uri;
use http::uri::PathAndQuery;
use rustls::pki_types::ServerName;

/// A URL of HTTP without login and fragment. It is shown without its query, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Who is spoken to.
    pub origin: Origin,
    /// What is asked for.
    pub target: PathAndQuery,
}

/// One place on the network, and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// How to speak to it.
    pub scheme: Scheme,
    /// Its name or address.
    pub host: Host,
    /// Its port, also where it is not written.
    pub port: u16,
}

/// A DNS name or an IP address, in lower case. It is shown as URLs have it: an IPv6 address in
/// brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

/// How to speak to a server.
///
/// Exhaustive on purpose: each needs its own connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

/// Why text is no URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// A name or a password before the host.
    #[error("a URL carries no login here")]
    Login,
    /// Neither `http` nor `https`.
    #[error("the scheme is neither `http` nor `https`")]
    Scheme,
    /// Not `scheme://host`, a port, path and query, or its host can be none.
    #[error("this is no URL")]
    Syntax,
}

impl Url {
    /// A path, with its query, of an origin.
    ///
    /// # Errors
    /// If it is none.
    pub fn at(origin: Origin, target: &str) -> Result<Self, UrlError> {
        if !target.starts_with('/') {
            return Err(UrlError::Syntax);
        }
        let target = target.parse().map_err(|_| UrlError::Syntax)?;
        Ok(Self { origin, target })
    }

    /// What lies below this URL: `path` after its own path, without its query.
    ///
    /// # Errors
    /// If `path` does not begin with a slash, or has what no path has.
    pub fn below(&self, path: &str) -> Result<Self, UrlError> {
        let base = self.target.path().trim_end_matches('/');
        Self::at(self.origin.clone(), &format!("{base}{path}"))
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::Syntax)?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return Err(UrlError::Scheme),
            None => return Err(UrlError::Syntax),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(UrlError::Login);
        }
        let (host, port) = Host::with_port(authority).ok_or(UrlError::Syntax)?;
        Ok(Self {
            origin: Origin::new(scheme, host, port),
            target: uri
                .path_and_query()
                .cloned()
                .unwrap_or(PathAndQuery::from_static("/")),
        })
    }
}

impl Origin {
    /// The place, at the scheme's own port if it is not written.
    #[must_use]
    pub fn new(scheme: Scheme, host: Host, port: Option<u16>) -> Self {
        Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
        }
    }

    /// The value of `host`: the port is left out if it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Host {
    /// Reads `host` or `host:port`; an IPv6 address is in brackets. `None` if it is neither, or the
    /// port is 0.
    #[must_use]
    pub fn with_port(text: &str) -> Option<(Self, Option<u16>)> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(read_port(port)?)),
            _ => (text, None),
        };
        let (bare, is_host) = match host.strip_prefix('[') {
            Some(rest) => {
                let bare = rest.strip_suffix(']')?;
                (bare, bare.parse::<Ipv6Addr>().is_ok())
            }
            None => {
                // Text without brackets that has a colon can only be an IPv6 address.
                let is_name = ServerName::try_from(host).is_ok();
                (host, is_name && !host.contains(':'))
            }
        };
        is_host.then(|| (Self(bare.to_ascii_lowercase()), port))
    }

    /// As resolvers and TLS take it: an IPv6 address without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scheme {
    /// The port of a URL that names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(formatter)?;
        match self.target.path() {
            "/" => Ok(()),
            path => formatter.write_str(path),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.word(), self.authority())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') {
            write!(formatter, "[{}]", self.0)
        } else {
            formatter.write_str(&self.0)
        }
    }
}

/// Digits alone: no sign before them.
fn read_port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port != 0)
}

#[cfg(test)]
mod tests;
