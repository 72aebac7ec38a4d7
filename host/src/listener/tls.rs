//! TLS on a listener: whose certificate it shows, and whose it wants to see.
//!
//! Files that change are read again; what cannot be used changes nothing. On the admin listener,
//! with `client_ca_file`, every connection needs a certificate of one of its authorities, that of a
//! load balancer that asks for `/healthz` included: it is settled in the handshake, before there is
//! a route.

mod clients;
mod named_clients;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;
use crate::file_watcher::FileWatcher;
use named_clients::NamedClients;

pub(crate) use clients::ClientTls;

/// Certificates in use, and the files they are from.
#[derive(Debug)]
pub(crate) struct Certificates {
    certificate: FileWatcher,
    key: FileWatcher,
    client_authorities: Option<FileWatcher>,
    client_names: Arc<[String]>,
    protocols: &'static [&'static [u8]],
    config: Arc<ServerConfig>,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It holds no certificate.
    #[error("`{}` holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    /// It holds no private key.
    #[error("`{}` holds no private key in PEM form", .0.display())]
    NoKey(PathBuf),
    /// It holds no certificate that can be an authority.
    #[error("`{}` holds no usable certificate authority in PEM form", .0.display())]
    NoAuthority(PathBuf),
    /// The authorities cannot vouch for anybody.
    #[error("the client authorities cannot be used")]
    Verifier(#[source] VerifierBuilderError),
    /// The certificate and the key do not belong together, or TLS would not start.
    #[error("the certificate and its key cannot be used")]
    Unusable(#[source] rustls::Error),
}

impl Certificates {
    /// Reads the files. `protocols` are those a client may choose among, best first.
    pub(crate) fn load(
        files: TlsFiles<'_>,
        protocols: &'static [&'static [u8]],
    ) -> Result<Self, TlsError> {
        let mut certificate = FileWatcher::new(files.cert_file);
        let mut key = FileWatcher::new(files.key_file);
        let mut client_authorities = files.client_ca_file.map(FileWatcher::new);
        let client_names: Arc<[String]> = files.client_names.into();
        let clients = client_authorities
            .as_mut()
            .map(|file| (file, &client_names));
        let config = configure(&mut certificate, &mut key, clients, protocols)?;
        Ok(Self {
            certificate,
            key,
            client_authorities,
            client_names,
            protocols,
            config: Arc::new(config),
        })
    }

    /// Looks whether a file has changed. `None` if there is nothing new.
    ///
    /// A certificate and its key are two files: between the first and the second they do not
    /// belong together, which is an error that the second one ends.
    pub(crate) fn poll(&mut self) -> Option<Result<(), TlsError>> {
        let mut has_changed = self.certificate.has_changed();
        has_changed |= self.key.has_changed();
        if let Some(watch) = &mut self.client_authorities {
            has_changed |= watch.has_changed();
        }
        has_changed.then(|| self.reload())
    }

    /// Reads the files, whether they have changed or not.
    pub(crate) fn reload(&mut self) -> Result<(), TlsError> {
        let clients = self.client_authorities.as_mut();
        let clients = clients.map(|file| (file, &self.client_names));
        let (certificate, key) = (&mut self.certificate, &mut self.key);
        let config = configure(certificate, key, clients, self.protocols)?;
        self.config = Arc::new(config);
        Ok(())
    }

    /// What was read last and can be used.
    pub(crate) const fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// For one connection: those that are open go on with what they began with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

/// Reads every file, so that none counts as changed afterwards.
fn configure(
    certificate: &mut FileWatcher,
    key: &mut FileWatcher,
    clients: Option<(&mut FileWatcher, &Arc<[String]>)>,
    protocols: &[&[u8]],
) -> Result<ServerConfig, TlsError> {
    let (certificate, key) = (Pem::read(certificate), Pem::read(key));
    let clients = clients.map(|(file, names)| Ok((Pem::read(file)?, names)));
    let (certificate, key, clients) = (certificate?, key?, clients.transpose()?);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some((pem, names)) => {
            let roots = Arc::new(pem.authorities()?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            let verifier = verifier.map_err(TlsError::Verifier)?;
            builder.with_client_cert_verifier(named(verifier, names))
        }
    };
    let mut config = builder
        .with_single_cert(certificate.chain()?, key.key()?)
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// A verifier that asks for one of the names as well, if there are any.
fn named(inner: Arc<dyn ClientCertVerifier>, names: &Arc<[String]>) -> Arc<dyn ClientCertVerifier> {
    if names.is_empty() {
        return inner;
    }
    let names = Arc::clone(names);
    Arc::new(NamedClients { inner, names })
}

/// What a file holds.
struct Pem {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Pem {
    fn read(watch: &mut FileWatcher) -> Result<Self, TlsError> {
        let file = watch.path().to_owned();
        match watch.read(LONGEST_FILE) {
            Ok(bytes) => Ok(Self { file, bytes }),
            Err(cause) => Err(TlsError::Read { file, cause }),
        }
    }

    fn chain(self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&self.bytes).collect::<Result<Vec<_>, _>>();
        chain
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or(TlsError::NoCertificate(self.file))
    }

    fn key(self) -> Result<PrivateKeyDer<'static>, TlsError> {
        // What the reader says of a key file may repeat some of it.
        PrivateKeyDer::from_pem_slice(&self.bytes).map_err(|_unsaid| TlsError::NoKey(self.file))
    }

    fn authorities(self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&self.bytes) {
            let added = certificate.ok().map(|certificate| roots.add(certificate));
            if !matches!(added, Some(Ok(()))) {
                return Err(TlsError::NoAuthority(self.file));
            }
        }
        if roots.is_empty() {
            Err(TlsError::NoAuthority(self.file))
        } else {
            Ok(roots)
        }
    }
}

/// A chain has a few KiB; a bundle of authorities some hundred.
const LONGEST_FILE: u64 = 4 << 20;

#[cfg(test)]
mod tests;
