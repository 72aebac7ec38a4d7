//! Whom the host takes for GT: always verified, by the authorities of `ca_file` or the system's.
//!
//! There is no switch that turns this off. GT makes itself a certificate when nobody gives it one;
//! such a certificate is named in `ca_file` as it is. The file is read again when it changes: new
//! connections trust what it says then, and those there are end with their time.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::config::Http2;
use crate::file_watcher::FileWatcher;

/// TLS to GT, as the files have it now.
#[derive(Debug)]
pub(crate) struct Trust {
    current: ArcSwap<ClientConfig>,
    watch: Option<Mutex<FileWatcher>>,
    http2: Http2,
}

/// Why no certificate of GT's could ever be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
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
    Tls(#[source] Error),
    /// The authorities cannot vouch for anybody.
    #[error("the certificate authorities cannot be used")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
}

/// What is wrong with GT's certificate, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CertificateProblem {
    #[error("it has expired; renew it at GT")]
    Expired,
    #[error("it is not valid yet; compare the clocks of GT and of this machine")]
    NotValidYet,
    #[error(
        "it is made for another name; write that name in `upstream.url`, or give GT one that names this host"
    )]
    OtherName,
    #[error(
        "none of the authorities vouches for it; name its authority, or itself if it is self-signed, in `upstream.ca_file`"
    )]
    UnknownIssuer,
    #[error("it is not one that a server can show; see the log")]
    Unusable,
}

impl Trust {
    /// Reads the authorities: the system's own without `ca_file`.
    pub(crate) fn load(ca_file: Option<&Path>, http2: Http2) -> Result<Self, TrustError> {
        let mut watch = ca_file.map(FileWatcher::new);
        let authorities = match &mut watch {
            Some(watch) => Authorities::read(watch)?,
            None => Authorities::of_system()?,
        };
        Ok(Self {
            current: ArcSwap::from_pointee(authorities.config(http2)?),
            watch: watch.map(Mutex::new),
            http2,
        })
    }

    /// For one new connection.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        self.current.load_full()
    }

    /// Takes over `ca_file` if it has changed; `None` if there is nothing new.
    pub(crate) fn poll(&self) -> Option<Result<(), TrustError>> {
        let mut watch = self
            .watch
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        watch.has_changed().then(|| self.read(&mut watch))
    }

    /// Takes over `ca_file` as it is now; `None` if there is none.
    pub(crate) fn reload(&self) -> Option<Result<(), TrustError>> {
        let mut watch = self
            .watch
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(self.read(&mut watch))
    }

    fn read(&self, watch: &mut FileWatcher) -> Result<(), TrustError> {
        let config = Authorities::read(watch)?.config(self.http2)?;
        self.current.store(Arc::new(config));
        Ok(())
    }
}

impl CertificateProblem {
    /// What is wrong with the certificate, if that is why there is no connection.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        let Error::InvalidCertificate(problem) = error.get_ref()?.downcast_ref::<Error>()? else {
            return None;
        };
        Some(match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotValidYet
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            // A server that signs its certificate itself names an issuer nobody knows, and one
            // whose authority was made anew has the right issuer and the wrong signature.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            other if is_authority_as_server(other) => Self::UnknownIssuer,
            _ => Self::Unusable,
        })
    }
}

/// Whom we believe.
struct Authorities {
    roots: RootCertStore,
    /// The certificates of `ca_file`, each also trusted as it is.
    listed: Vec<CertificateDer<'static>>,
}

impl Authorities {
    fn of_system() -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TrustError::NoSystemAuthorities);
        }
        let listed = Vec::new();
        Ok(Self { roots, listed })
    }

    fn read(watch: &mut FileWatcher) -> Result<Self, TrustError> {
        let file = watch.path().display().to_string();
        let pem = match watch.read(LONGEST_FILE) {
            Ok(pem) => pem,
            Err(cause) => return Err(TrustError::ReadAuthorities { file, cause }),
        };
        let mut roots = RootCertStore::empty();
        let mut listed = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let Ok(certificate) = certificate else {
                return Err(TrustError::NoAuthority(file));
            };
            if roots.add(certificate.clone()).is_err() {
                return Err(TrustError::NoAuthority(file));
            }
            listed.push(certificate);
        }
        if roots.is_empty() {
            return Err(TrustError::NoAuthority(file));
        }
        Ok(Self { roots, listed })
    }

    fn config(self, http2: Http2) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(self, &provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Tls)?
            // So named for what could be put here: ours refuses all that the library's own does
            // but one thing, see `Verifier`.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = match http2 {
            Http2::Off => vec![b"http/1.1".to_vec()],
            Http2::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Http2::PriorKnowledge => vec![b"h2".to_vec()],
        };
        Ok(config)
    }
}

/// The library's verifier, and one certificate more that it takes: one that is listed in `ca_file`
/// byte for byte, although it calls itself an authority. That is what `openssl req -x509` makes,
/// and what a server that was set up by itself usually shows. Its name and its time count as ever.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    listed: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(authorities: Authorities, provider: &Arc<CryptoProvider>) -> Result<Self, TrustError> {
        let (roots, provider) = (Arc::new(authorities.roots), Arc::clone(provider));
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
        Ok(Self {
            inner: inner.map_err(TrustError::Verifier)?,
            listed: authorities.listed,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match &verified {
            // The library looks at the time before it looks at this, and at the name after it.
            Err(Error::InvalidCertificate(problem))
                if is_authority_as_server(problem) && self.listed.contains(end_entity) =>
            {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&parsed, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether a server shows a certificate that calls itself an authority.
fn is_authority_as_server(problem: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(other)) = problem else {
        return false;
    };
    other.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// A bundle of authorities has some hundred KiB.
const LONGEST_FILE: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_not_an_authority() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let load = || Trust::load(Some(&file), Http2::Auto);
        assert!(matches!(load(), Err(TrustError::ReadAuthorities { .. })));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", broken] {
            std::fs::write(&file, text).unwrap();
            assert!(matches!(load(), Err(TrustError::NoAuthority(_))));
        }
    }

    #[test]
    fn what_tls_offers_is_what_is_configured() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let made = rcgen::generate_simple_self_signed(["gt.example".to_owned()]).unwrap();
        std::fs::write(&file, made.cert.pem()).unwrap();
        for (http2, offered) in [
            (Http2::Off, vec!["http/1.1"]),
            (Http2::Auto, vec!["h2", "http/1.1"]),
            (Http2::PriorKnowledge, vec!["h2"]),
        ] {
            let trust = Trust::load(Some(&file), http2).unwrap();
            let offers = trust.config().alpn_protocols.clone();
            assert_eq!(
                offers,
                offered.iter().map(|it| it.as_bytes()).collect::<Vec<_>>()
            );
        }
    }
}
