//! GT behind TLS: verified against the authorities of `ca_file`, or not spoken to.
//!
//! `tls/` holds an authority, a certificate of it for `localhost` with its key, and an authority
//! that has nothing to do with them; all made for this test and good for a hundred years.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use signalbox_host::config::UpstreamUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::{Ask, Gate};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

/// A GT that answers one request per connection, and counts them.
fn gt() -> (SocketAddr, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    continue;
                };
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                if length > 0 {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let answer =
                        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
                    stream.write_all(answer).await.unwrap();
                    let _ = stream.shutdown().await;
                }
            }
        });
    });
    (told.recv().unwrap(), count)
}

fn gate(host: &str, authorities: &str) -> (Gate, Arc<AtomicUsize>) {
    let (address, count) = gt();
    let url = format!("https://{host}:{}/api/tenant", address.port());
    let gate = Gate::builder(address)
        .config(|config| {
            config.upstream.urls = vec![UpstreamUrl::parse(&url).unwrap()];
            config.upstream.ca_file = Some(file(authorities));
        })
        .start();
    (gate, count)
}

#[test]
fn gt_is_spoken_to_over_tls() {
    let (gate, count) = gate("localhost", "ca.pem");
    for n in 1..=2 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        assert_eq!(count.load(Ordering::Relaxed), n);
    }
}

#[test]
fn a_certificate_of_another_authority_is_not_taken() {
    let (gate, count) = gate("localhost", "other-ca.pem");
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[test]
fn a_certificate_for_another_name_is_not_taken() {
    let (gate, count) = gate("127.0.0.1", "ca.pem");
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(count.load(Ordering::Relaxed), 0);
}
