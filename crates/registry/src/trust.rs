//! Whom TLS trusts. The provider is named here, so nothing depends on what a process installed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::settings::SetupError;

/// TLS that trusts the authorities in `ca_file`, or the system's: always verified.
///
/// # Errors
/// If the file holds no usable certificates in PEM form.
pub fn tls(ca_file: Option<&Path>) -> Result<TlsConnector, SetupError> {
    let roots = ca_file.map_or_else(|| Ok(of_the_system()), in_file)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A system may have none, which only matters once TLS is spoken: then nobody is trusted.
fn of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn in_file(file: &Path) -> Result<RootCertStore, SetupError> {
    let pem = fs::read(file).map_err(|cause| SetupError::ReadAuthorities {
        file: file.to_owned(),
        cause,
    })?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let added = certificate.ok().map(|certificate| roots.add(certificate));
        if !matches!(added, Some(Ok(()))) {
            return Err(SetupError::NoAuthority(file.to_owned()));
        }
    }
    if roots.is_empty() {
        return Err(SetupError::NoAuthority(file.to_owned()));
    }
    Ok(roots)
}
