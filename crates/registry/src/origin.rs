//! Who is spoken to: scheme, host and port. Whether two requests go to the same place, and whether a
//! place may be gone to at all, is decided here and nowhere else.

use std::collections::BTreeSet;
use std::fmt;

use http::Uri;

use crate::error::PullError;
use crate::reference::{Reference, host_and_port};
use crate::settings::SetupError;

/// One place on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: Scheme,
    /// An IPv6 address is in brackets.
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// The places that are spoken to without TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plaintext(BTreeSet<(String, u16)>);

impl Origin {
    pub(crate) const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host as the resolver and TLS take it.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The value of `host`.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Plaintext {
    pub(crate) fn new(places: &[String]) -> Result<Self, SetupError> {
        let read = |place: &String| {
            let (host, port) =
                host_and_port(place).ok_or_else(|| SetupError::Place(place.clone()))?;
            Ok((host, port.unwrap_or(Scheme::Http.port())))
        };
        places.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Where a reference leads: TLS, unless just this place is listed.
    pub(crate) fn registry(&self, reference: &Reference) -> Origin {
        let host = reference.host().to_owned();
        let plain = (host, reference.port().unwrap_or(Scheme::Http.port()));
        let scheme = if self.0.contains(&plain) {
            Scheme::Http
        } else {
            Scheme::Https
        };
        Origin {
            scheme,
            port: reference.port().unwrap_or(scheme.port()),
            host: plain.0,
        }
    }

    /// Where a registry sends us: the place, and the path with its query. `from` is what a path
    /// alone is relative to.
    pub(crate) fn sent_to(&self, from: &Origin, text: &str) -> Result<(Origin, String), PullError> {
        let uri: Uri = text.parse().map_err(|_| PullError::Location)?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            // Neither `//host/path`, nor a path relative to the present one: no registry needs it.
            let is_path = text.starts_with('/') && !text.starts_with("//");
            return if is_path {
                Ok((from.clone(), target.to_owned()))
            } else {
                Err(PullError::Location)
            };
        };
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(PullError::Location),
        };
        // A login in an address does not pass for a host here.
        let (host, port) = host_and_port(authority.as_str()).ok_or(PullError::Location)?;
        let origin = Origin {
            scheme,
            host,
            port: port.unwrap_or(scheme.port()),
        };
        if scheme == Scheme::Http && !self.0.contains(&(origin.host.clone(), origin.port)) {
            return Err(PullError::Plaintext(origin.to_string()));
        }
        Ok((origin, target.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plaintext(places: &[&str]) -> Plaintext {
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        Plaintext::new(&places).unwrap()
    }

    fn registry(places: &[&str], reference: &str) -> (Scheme, String, String) {
        let origin = plaintext(places).registry(&reference.parse().unwrap());
        (origin.scheme(), origin.to_string(), origin.authority())
    }

    #[test]
    fn tls_is_spoken_unless_just_this_place_is_listed() {
        use Scheme::{Http, Https};
        let listed = ["127.0.0.1:5000", "Plain.Example"];
        for (reference, scheme, place, authority) in [
            (
                "oci://127.0.0.1:5000/a",
                Http,
                "127.0.0.1:5000",
                "127.0.0.1:5000",
            ),
            (
                "oci://127.0.0.1:5001/a",
                Https,
                "127.0.0.1:5001",
                "127.0.0.1:5001",
            ),
            ("oci://127.0.0.1/a", Https, "127.0.0.1:443", "127.0.0.1"),
            (
                "oci://localhost:5000/a",
                Https,
                "localhost:5000",
                "localhost:5000",
            ),
            (
                "oci://plain.example/a",
                Http,
                "plain.example:80",
                "plain.example",
            ),
            (
                "oci://plain.example:443/a",
                Https,
                "plain.example:443",
                "plain.example",
            ),
        ] {
            let found = registry(&listed, reference);
            assert_eq!(
                found,
                (scheme, place.into(), authority.into()),
                "{reference}"
            );
        }
    }

    #[test]
    fn a_redirect_leads_to_tls_or_to_a_listed_place() {
        let plaintext = plaintext(&["127.0.0.1:5000"]);
        let from = plaintext.registry(&"oci://127.0.0.1:5000/a".parse().unwrap());
        let sent = |text: &str| {
            let found = plaintext.sent_to(&from, text);
            found.map(|(origin, target)| format!("{:?} {origin} {target}", origin.scheme()))
        };
        let there = |text: &str| sent(text).unwrap();
        assert_eq!(there("/v2/b?c=d"), "Http 127.0.0.1:5000 /v2/b?c=d");
        assert_eq!(
            there("https://store.example/b?s=1"),
            "Https store.example:443 /b?s=1"
        );
        assert_eq!(there("http://127.0.0.1:5000/x"), "Http 127.0.0.1:5000 /x");
        for text in ["http://127.0.0.1:5001/x", "http://store.example/x"] {
            assert!(matches!(sent(text), Err(PullError::Plaintext(_))), "{text}");
        }
        for text in [
            "",
            "x",
            "//store.example/x",
            "store.example",
            "ftp://store.example/x",
            "https://user:pw@store.example/x",
            "https:///x",
            "http://127.0.0.1:5000\u{a0}/x",
        ] {
            assert!(matches!(sent(text), Err(PullError::Location)), "{text}");
        }
    }

    #[test]
    fn a_scheme_is_no_part_of_a_listed_place() {
        for place in ["http://registry", "registry/", "a b", ""] {
            let made = Plaintext::new(&[place.to_owned()]);
            assert!(matches!(made, Err(SetupError::Place(_))), "{place}");
        }
    }
}
