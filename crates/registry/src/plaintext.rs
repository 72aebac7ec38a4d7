//! What may be spoken to without TLS. Whether a place may be gone to at all is decided here and nowhere
//! else.

use std::collections::BTreeSet;

use signalbox_http_client::{Host, Origin, Scheme, Url};

use crate::error::PullError;
use crate::reference::Reference;
use crate::settings::SetupError;

/// The places that are spoken to without TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plaintext(BTreeSet<Origin>);

impl Plaintext {
    pub(crate) fn new(places: &[String]) -> Result<Self, SetupError> {
        let read = |place: &String| {
            let (host, port) =
                Host::with_port(place).ok_or_else(|| SetupError::Place(place.clone()))?;
            Ok(Origin::new(Scheme::Http, host, port))
        };
        places.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Where a reference leads: TLS, unless just this place is listed.
    pub(crate) fn registry(&self, reference: &Reference) -> Origin {
        let at = |scheme| Origin::new(scheme, reference.host().clone(), reference.port());
        let plain = at(Scheme::Http);
        if self.0.contains(&plain) {
            plain
        } else {
            at(Scheme::Https)
        }
    }

    /// Where a registry sends us. `from` is what a path alone is relative to.
    pub(crate) fn sent_to(&self, from: &Origin, text: &str) -> Result<Url, PullError> {
        // What stands behind `#` is never sent.
        let text = text.split('#').next().unwrap_or_default();
        // Neither `//host/path`, nor a path relative to the present one: no registry needs it.
        let read = if text.starts_with('/') && !text.starts_with("//") {
            Url::at(from.clone(), text)
        } else {
            text.parse()
        };
        // A login in an address does not pass for a host here.
        let url = read.map_err(|_| PullError::Location)?;
        if url.origin.scheme == Scheme::Http && !self.0.contains(&url.origin) {
            return Err(PullError::Plaintext(url.origin.authority()));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plaintext(places: &[&str]) -> Plaintext {
        let places: Vec<_> = places.iter().map(ToString::to_string).collect();
        Plaintext::new(&places).unwrap()
    }

    fn registry(places: &[&str], reference: &str) -> String {
        let origin = plaintext(places).registry(&reference.parse().unwrap());
        format!("{origin} on {}", origin.port)
    }

    #[test]
    fn tls_is_spoken_unless_just_this_place_is_listed() {
        let listed = ["127.0.0.1:5000", "Plain.Example", "[::1]"];
        for (reference, expected) in [
            ("oci://127.0.0.1:5000/a", "http://127.0.0.1:5000 on 5000"),
            ("oci://127.0.0.1:5001/a", "https://127.0.0.1:5001 on 5001"),
            ("oci://127.0.0.1/a", "https://127.0.0.1 on 443"),
            ("oci://localhost:5000/a", "https://localhost:5000 on 5000"),
            ("oci://plain.example/a", "http://plain.example on 80"),
            ("oci://plain.example:443/a", "https://plain.example on 443"),
            ("oci://[::1]:80/a", "http://[::1] on 80"),
        ] {
            assert_eq!(registry(&listed, reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_redirect_leads_to_tls_or_to_a_listed_place() {
        let plaintext = plaintext(&["127.0.0.1:5000"]);
        let from = plaintext.registry(&"oci://127.0.0.1:5000/a".parse().unwrap());
        let sent = |text: &str| {
            let found = plaintext.sent_to(&from, text);
            found.map(|url| format!("{} {}", url.origin, url.target))
        };
        let there = |text: &str| sent(text).unwrap();
        assert_eq!(there("/v2/b?c=d"), "http://127.0.0.1:5000 /v2/b?c=d");
        assert_eq!(
            there("https://store.example/b?s=1"),
            "https://store.example /b?s=1"
        );
        assert_eq!(
            there("https://store.example/b#c"),
            "https://store.example /b"
        );
        assert_eq!(there("http://127.0.0.1:5000/x"), "http://127.0.0.1:5000 /x");
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
