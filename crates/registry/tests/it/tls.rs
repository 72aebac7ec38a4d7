//! TLS, which is always verified. `tls/` holds an authority for tests, whose key is gone, and the
//! certificate it gave `127.0.0.1`.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use signalbox_http_client::TlsError;
use signalbox_registry::{PullError, Registry, Settings, SetupError};
use tokio_rustls::TlsAcceptor;

use crate::server::{Reply, Server, Stored};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap();
    let chain = chain.collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn server() -> Server {
    let stored = Stored::new(b"a component");
    Server::start_tls(acceptor(), move |asked| stored.reply(asked)).await
}

fn trusting(ca_file: &str) -> Settings {
    Settings {
        ca_file: Some(file(ca_file)),
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_registry_of_a_trusted_authority_is_pulled_from() {
    let server = server().await;
    let registry = Registry::new(trusting("authority.pem")).unwrap();
    let pulled = registry.pull(&server.reference()).await.unwrap();
    assert_eq!(pulled.component, b"a component");
}

#[tokio::test]
async fn a_registry_of_an_unknown_authority_is_not_spoken_to() {
    let server = server().await;
    let registry = Registry::new(Settings::default()).unwrap();
    let error = registry.pull(&server.reference()).await.unwrap_err();
    assert!(matches!(error, PullError::Tls(_)), "{error:?}");
    assert_eq!(server.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_taken() {
    let server = server().await;
    let registry = Registry::new(trusting("authority.pem")).unwrap();
    let reference = server
        .reference()
        .to_string()
        .replace("127.0.0.1", "localhost");
    let error = registry
        .pull(&reference.parse().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, PullError::Tls(_)), "{error:?}");
    assert_eq!(server.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn tls_leads_to_plaintext_nowhere_but_where_it_is_listed() {
    let store = Server::start(|_| Reply::new(200, &[], b"a component")).await;
    let (stored, to) = (
        Stored::new(b"a component"),
        format!("http://{}/x", store.place()),
    );
    let server = Server::start_tls(acceptor(), move |asked| match asked.is_for("/blobs/") {
        true => Reply::new(307, &[("location", &to)], b""),
        false => stored.reply(asked),
    })
    .await;
    let mut settings = trusting("authority.pem");
    let registry = Registry::new(settings.clone()).unwrap();
    let error = registry.pull(&server.reference()).await.unwrap_err();
    assert!(matches!(error, PullError::Plaintext(_)), "{error:?}");
    settings.plaintext.push(store.place());
    let registry = Registry::new(settings).unwrap();
    assert_eq!(
        registry.pull(&server.reference()).await.unwrap().component,
        b"a component"
    );
}

#[test]
fn a_file_without_certificates_is_no_authority() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let made = || {
        let settings = Settings {
            ca_file: Some(ca_file.clone()),
            ..Settings::default()
        };
        Registry::new(settings).unwrap_err()
    };
    assert!(matches!(made(), SetupError::Tls(TlsError::Read { .. })));
    for text in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&ca_file, text).unwrap();
        assert!(
            matches!(made(), SetupError::Tls(TlsError::Pem(_))),
            "{text}"
        );
    }
}
