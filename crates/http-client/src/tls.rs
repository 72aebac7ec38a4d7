//! Whom TLS trusts. The provider is named here, so nothing depends on what a process installed.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio_rustls::TlsConnector;

/// The authorities that are trusted.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

/// How TLS is spoken: always verified. Cheap to clone.
#[derive(Clone)]
pub struct Tls(pub(crate) TlsConnector);

/// Why TLS can never be spoken with some files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file holds something that is not what is to be in it.
    #[error("`{}` holds nothing usable in PEM form", .0.display())]
    Pem(PathBuf),
    /// A file cannot be read.
    #[error("cannot read `{}`", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The TLS library takes none of it.
    #[error("the TLS library refuses these certificates")]
    Refused(#[source] rustls::Error),
}

impl Roots {
    /// Reads the authorities in `ca_file`, or the system's. A system may have none, which only
    /// matters once TLS is spoken: then nobody is trusted.
    ///
    /// # Errors
    /// If the file cannot be read, or does not hold certificates and nothing else in PEM form.
    pub fn read(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let Some(file) = ca_file else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(Self(roots));
        };
        for certificate in certificates(file)? {
            let added = roots.add(certificate);
            added.map_err(|_| TlsError::Pem(file.to_owned()))?;
        }
        Ok(Self(roots))
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Tls {
    /// Shows servers no certificate.
    ///
    /// # Errors
    /// If the TLS library would not start.
    pub fn new(roots: Roots) -> Result<Self, TlsError> {
        Ok(Self::with(builder(roots)?.with_no_client_auth()))
    }

    /// Shows the certificate in one file, whose key is in the other, to a server that asks.
    ///
    /// # Errors
    /// If one of them cannot be read, holds something else, or the key is not the certificate's.
    pub fn with_certificate(
        roots: Roots,
        certificate: &Path,
        key: &Path,
    ) -> Result<Self, TlsError> {
        let chain = certificates(certificate)?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?);
        let secret = secret.map_err(|_| TlsError::Pem(key.to_owned()))?;
        let config = builder(roots)?.with_client_auth_cert(chain, secret);
        config.map(Self::with).map_err(TlsError::Refused)
    }

    fn with(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(TlsConnector::from(Arc::new(config)))
    }
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Pem(_) => {
                "certificates begin with -----BEGIN CERTIFICATE-----, keys with -----BEGIN PRIVATE KEY-----"
            }
            Self::Read { .. } => "check the path, and that the file may be read",
            Self::Refused(_) => "check that the key is the one of the certificate",
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn builder(roots: Roots) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(TlsError::Refused)?;
    Ok(builder.with_root_certificates(roots.0))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    read.ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::Pem(file.to_owned()))
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|cause| TlsError::Read {
        file: file.to_owned(),
        cause,
    })
}
