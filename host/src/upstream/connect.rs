//! Where GT is and how a connection to it comes about: plain, or TLS that is always verified.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::UpstreamError;
use super::body::RequestBody;
use crate::config::{Scheme, UpstreamUrl};
use crate::metrics::{Connections, OpenGuard};

/// GT's address, and what it takes to trust whoever answers there.
pub(crate) struct Target {
    url: UpstreamUrl,
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why no connection to GT can ever come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The host is neither a DNS name nor an address, or cannot stand in a header.
    #[error("`{0}` is not a host name")]
    Host(String),
    /// The file with certificate authorities cannot be read.
    #[error("cannot read the certificate authorities in `{file}`")]
    ReadAuthorities {
        /// The file.
        file: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It holds no certificate that can be an authority.
    #[error("`{0}` holds no usable certificate in PEM form")]
    NoAuthority(String),
    /// The system trusts nobody.
    #[error("this system has no certificate authorities: name a `ca_file`")]
    NoSystemAuthorities,
    /// The TLS library would not start.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

impl Target {
    /// Reads the certificate authorities, if TLS is spoken; the system's own without `ca_file`.
    pub(crate) fn new(url: &UpstreamUrl, ca_file: Option<&Path>) -> Result<Self, TargetError> {
        let bad_host = || TargetError::Host(url.host.clone());
        let tls = match url.scheme {
            Scheme::Http => None,
            Scheme::Https => {
                let name = ServerName::try_from(url.host.clone()).map_err(|_| bad_host())?;
                let config = tls_config(roots(ca_file)?)?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        let authority = HeaderValue::try_from(url.authority()).map_err(|_| bad_host())?;
        Ok(Self {
            url: url.clone(),
            authority,
            tls,
        })
    }

    /// The value of `host`.
    pub(crate) const fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// What stands before `/v1/…`.
    pub(crate) fn base_path(&self) -> &str {
        &self.url.base_path
    }

    pub(super) async fn connect(
        &self,
        connections: &Connections,
    ) -> Result<SendRequest<RequestBody>, UpstreamError> {
        let socket = TcpStream::connect((&*self.url.host, self.url.port))
            .await
            .map_err(UpstreamError::Connect)?;
        socket.set_nodelay(true).map_err(UpstreamError::Connect)?;
        match &self.tls {
            None => begin(socket, connections.open()).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), socket).await;
                begin(stream.map_err(UpstreamError::Connect)?, connections.open()).await
            }
        }
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Target({})", self.url)
    }
}

/// Starts HTTP/1 on a stream. The task that drives it ends with the connection, which ends when
/// its one sender is dropped; the worker's `LocalSet` owns it.
async fn begin<S>(stream: S, open: OpenGuard) -> Result<SendRequest<RequestBody>, UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_headers(MAX_ANSWER_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(UpstreamError::Lost)?;
    tokio::task::spawn_local(async move {
        if let Err(error) = connection.await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "upstream connection ended"
            );
        }
        drop(open);
    });
    Ok(sender)
}

fn tls_config(roots: RootCertStore) -> Result<ClientConfig, TargetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TargetError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if roots.is_empty() {
            Err(TargetError::NoSystemAuthorities)
        } else {
            Ok(roots)
        };
    };
    let name = || file.display().to_string();
    let pem = fs::read(file).map_err(|cause| TargetError::ReadAuthorities {
        file: name(),
        cause,
    })?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate.ok().map(|certificate| roots.add(certificate));
        if !matches!(added, Some(Ok(()))) {
            return Err(TargetError::NoAuthority(name()));
        }
    }
    if roots.is_empty() {
        Err(TargetError::NoAuthority(name()))
    } else {
        Ok(roots)
    }
}

/// GT's own answers have a dozen.
const MAX_ANSWER_HEADERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> UpstreamUrl {
        UpstreamUrl::parse(text).unwrap()
    }

    #[test]
    fn a_file_without_certificates_is_not_an_authority() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let target = || Target::new(&url("https://tenant.example/api/tenant"), Some(&file));
        assert!(matches!(target(), Err(TargetError::ReadAuthorities { .. })));
        fs::write(&file, "").unwrap();
        assert!(matches!(target(), Err(TargetError::NoAuthority(_))));
        fs::write(
            &file,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .unwrap();
        assert!(matches!(target(), Err(TargetError::NoAuthority(_))));
    }

    #[test]
    fn plain_http_reads_no_authorities() {
        let missing = Path::new("/nonexistent/ca.pem");
        let target = Target::new(&url("http://127.0.0.1:9/api/tenant"), Some(missing)).unwrap();
        assert_eq!(target.authority(), "127.0.0.1:9");
        assert_eq!(target.base_path(), "/api/tenant");
    }
}
