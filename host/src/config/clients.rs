//! How clients are spoken to: TLS, HTTP/2, addresses that hops before us tell, pages of browsers.

use std::path::{Path, PathBuf};

use super::{AdminTls, Span};

/// TLS on the listener for clients. The files are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// The certificate, and those between it and an authority.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

/// Where a listener's certificates are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsFiles<'a> {
    pub(crate) cert_file: &'a Path,
    pub(crate) key_file: &'a Path,
    /// `None` asks clients for no certificate.
    pub(crate) client_ca_file: Option<&'a Path>,
}

/// Which pages of browsers may call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsSettings {
    /// Their origins, as browsers write them: `https://app.example`.
    pub origins: Vec<String>,
    /// Headers they may send beyond those that are forwarded anyway. Lower case.
    pub headers: Vec<String>,
    /// How long a browser may remember what it was told.
    pub max_age: Span,
}

impl CorsSettings {
    /// For these origins, and otherwise as by default.
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self {
            origins,
            headers: Vec::new(),
            max_age: CORS_AGE,
        }
    }
}

impl ListenerTls {
    pub(crate) fn files(&self) -> TlsFiles<'_> {
        TlsFiles {
            cert_file: &self.cert_file,
            key_file: &self.key_file,
            client_ca_file: None,
        }
    }
}

impl AdminTls {
    pub(crate) fn files(&self) -> TlsFiles<'_> {
        TlsFiles {
            cert_file: &self.cert_file,
            key_file: &self.key_file,
            client_ca_file: self.client_ca_file.as_deref(),
        }
    }
}

/// A page asks once in ten minutes; an origin taken off the list is off within them.
pub(super) const CORS_AGE: Span = Span::seconds(600);
