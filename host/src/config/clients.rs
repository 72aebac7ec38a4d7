//! How clients are spoken to: TLS, HTTP/2, addresses that hops before us tell, pages of browsers.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::value::{once, path, some};
use super::{AdminTls, Problem, Span};
use crate::yaml::list;

/// TLS on the listener for clients. The files are PEM.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ListenerTls {
    /// The certificate, and those between it and an authority.
    #[serde(deserialize_with = "path")]
    pub cert_file: PathBuf,
    /// Its private key.
    #[serde(deserialize_with = "path")]
    pub key_file: PathBuf,
}

/// Where a listener's certificates are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsFiles<'a> {
    pub(crate) cert_file: &'a Path,
    pub(crate) key_file: &'a Path,
    /// `None` asks clients for no certificate.
    pub(crate) client_ca_file: Option<&'a Path>,
    /// Names one of which a client's certificate has to be for; without any, all that
    /// `client_ca_file` vouches for are let in.
    pub(crate) client_names: &'a [String],
}

/// Which pages of browsers may call.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CorsSettings {
    /// Their origins, as browsers write them: `https://app.example`.
    #[serde(deserialize_with = "origins")]
    pub origins: Vec<String>,
    /// Headers they may send beyond those that are forwarded anyway. Lower case.
    #[serde(default, deserialize_with = "headers")]
    pub headers: Vec<String>,
    /// How long a browser may remember what it was told.
    #[serde(default = "cors_age")]
    pub max_age: Span,
}

impl CorsSettings {
    /// For these origins, and otherwise as by default.
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self {
            origins,
            headers: Vec::new(),
            max_age: cors_age(),
        }
    }
}

impl ListenerTls {
    /// With paths that are relative to `folder`.
    pub(super) fn within(self, folder: &Path) -> Self {
        Self {
            cert_file: folder.join(self.cert_file),
            key_file: folder.join(self.key_file),
        }
    }

    pub(crate) fn files(&self) -> TlsFiles<'_> {
        TlsFiles {
            cert_file: &self.cert_file,
            key_file: &self.key_file,
            client_ca_file: None,
            client_names: &[],
        }
    }
}

impl AdminTls {
    /// With paths that are relative to `folder`.
    pub(super) fn within(self, folder: &Path) -> Self {
        Self {
            cert_file: folder.join(self.cert_file),
            key_file: folder.join(self.key_file),
            client_ca_file: self.client_ca_file.map(|file| folder.join(file)),
        }
    }

    pub(crate) fn files(&self) -> TlsFiles<'_> {
        TlsFiles {
            cert_file: &self.cert_file,
            key_file: &self.key_file,
            client_ca_file: self.client_ca_file.as_deref(),
            client_names: &[],
        }
    }
}

/// A page asks once in ten minutes; an origin taken off the list is off within them.
const fn cors_age() -> Span {
    Span::seconds(600)
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let origins = list(deserializer, |text, before| {
        if !is_origin(text) {
            return Err(Problem::Origin);
        }
        once(text.to_owned(), before)
    })?;
    some(origins)
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(deserializer, |text, before| {
        if http::HeaderName::from_bytes(text.as_bytes()).is_err() {
            return Err(Problem::Header);
        }
        once(text.to_ascii_lowercase(), before)
    })
}

/// As a browser writes it: scheme, host, and the port only if it is not the scheme's own. There is
/// no word for every origin: a page anywhere could then call with any key it gets hold of.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let is_plain = authority
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._~:[]".contains(&b));
    is_plain
        && !authority.ends_with(own_port)
        && authority
            .parse::<http::uri::Authority>()
            .is_ok_and(|parsed| !parsed.host().is_empty() && !authority.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for text in [
            "https://app.example",
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://127.0.0.1",
        ] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "*",
            "null",
            "app.example",
            "https://*.app.example",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://u@app.example",
            "https://",
            "https://a:",
            "ftp://a",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
