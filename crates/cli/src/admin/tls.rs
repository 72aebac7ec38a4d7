//! TLS to an admin listener: always verified, with a certificate of one's own if the host asks.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio_rustls::TlsConnector;

use super::{Address, AdminError};

/// How TLS is begun, and whom it has to be.
pub(super) struct Tls {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

/// What an address needs: nothing for `http://`.
pub(super) fn setup(
    address: &Address,
    ca_file: Option<&Path>,
    certificate: Option<(&Path, &Path)>,
) -> Result<Option<Tls>, AdminError> {
    if !address.is_tls {
        return match (ca_file, certificate) {
            (None, None) => Ok(None),
            _ => Err(AdminError::CertificatesWithoutTls),
        };
    }
    let name = ServerName::try_from(address.host.clone())
        .map_err(|_| AdminError::HostName(address.host.clone()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(AdminError::TlsSetup)?
        .with_root_certificates(roots(ca_file)?);
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(AdminError::TlsSetup)?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    Ok(Some(Tls { connector, name }))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, AdminError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|_| unusable(path))?;
            }
        }
    }
    if roots.is_empty() {
        return Err(AdminError::NoAuthorities);
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AdminError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|_| unusable(path))?;
    if certificates.is_empty() {
        return Err(unusable(path));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, AdminError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| unusable(path))
}

fn read(path: &Path) -> Result<Vec<u8>, AdminError> {
    fs::read(path).map_err(|cause| AdminError::PemFile {
        path: path.to_owned(),
        cause,
    })
}

fn unusable(path: &Path) -> AdminError {
    AdminError::Pem(path.to_owned())
}
