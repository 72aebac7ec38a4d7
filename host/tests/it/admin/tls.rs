//! TLS on the admin listener, with and without certificates of clients.
//!
//! `tls/` was made by `tls/make.sh`: `first` and `second` are two certificates for `localhost` by the
//! authority `servers`, `operator` is a client's by `operators`, and `stranger` one by an authority
//! that nobody here trusts.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use signalbox_gate::Digest;
use signalbox_host::config::{AdminConfig, AdminTls};

use crate::harness::{Gate, Gt, within};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/admin/tls")
        .join(name)
}

/// Copies a certificate and its key to where the host looks for them, as one rename each.
fn put(folder: &Path, name: &str) {
    for kind in ["pem", "key"] {
        let (new, place) = (folder.join("new"), folder.join(format!("server.{kind}")));
        std::fs::copy(file(&format!("{name}.{kind}")), &new).unwrap();
        std::fs::rename(new, place).unwrap();
    }
}

fn gate(folder: &Path, client_ca_file: Option<PathBuf>) -> Gate {
    put(folder, "first");
    let tls = AdminTls {
        cert_file: folder.join("server.pem"),
        key_file: folder.join("server.key"),
        client_ca_file,
    };
    Gate::builder(Gt::chatty().address)
        .config(|config| {
            let mut admin = AdminConfig::new(([127, 0, 0, 1], 0).into());
            admin.view_token = Some(Digest::of("view"));
            admin.operate_token = Some(Digest::of("operate"));
            admin.tls = Some(tls);
            config.admin = Some(admin);
        })
        .start()
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A connection that trusts `servers`, and shows the certificate of this name.
fn connect(address: SocketAddr, shown: Option<&str>) -> Tls {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(file("servers.pem")).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match shown {
        None => config.with_no_client_auth(),
        Some(name) => {
            let chain = CertificateDer::from_pem_file(file(&format!("{name}.pem"))).unwrap();
            let key = PrivateKeyDer::from_pem_file(file(&format!("{name}.key"))).unwrap();
            config.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

fn ask(tls: &mut Tls, line: &str, headers: &str) -> io::Result<String> {
    let request =
        format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n");
    tls.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match tls.read_to_end(&mut answer) {
        Ok(_) => Ok(String::from_utf8(answer).unwrap()),
        Err(error) => Err(error),
    }
}

/// The certificate the listener shows.
fn shown_by(address: SocketAddr) -> CertificateDer<'static> {
    let mut tls = connect(address, None);
    assert!(ask(&mut tls, "GET /healthz", "").unwrap().contains(" 200 "));
    tls.conn.peer_certificates().unwrap()[0].clone()
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file(&format!("{name}.pem"))).unwrap()
}

const VIEW: &str = "authorization: Bearer view\r\n";

#[test]
fn the_listener_speaks_tls_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path(), None);
    let address = gate.admin.unwrap();
    let status = ask(&mut connect(address, None), "GET /status", VIEW).unwrap();
    assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
    let refused = ask(&mut connect(address, None), "GET /status", "").unwrap();
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let mut plain = TcpStream::connect(address).unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn with_client_authorities_every_connection_needs_a_certificate_of_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path(), Some(file("operators.pem")));
    let address = gate.admin.unwrap();
    let known = ask(&mut connect(address, Some("operator")), "GET /status", VIEW).unwrap();
    assert!(known.starts_with("HTTP/1.1 200 "), "{known}");
    // Certificates and tokens are two locks.
    let tokenless = ask(&mut connect(address, Some("operator")), "GET /status", "").unwrap();
    assert!(tokenless.starts_with("HTTP/1.1 401 "), "{tokenless}");
    for shown in [None, Some("stranger"), Some("first")] {
        for (line, headers) in [("GET /healthz", ""), ("GET /status", VIEW)] {
            let answer = ask(&mut connect(address, shown), line, headers);
            assert!(answer.is_err(), "{shown:?} {line}: {answer:?}");
        }
    }
}

#[test]
fn the_history_names_the_certificate_of_whoever_acted() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path(), Some(file("operators.pem")));
    let headers = "authorization: Bearer operate\r\ncontent-length: 0\r\n";
    let mut tls = connect(gate.admin.unwrap(), Some("operator"));
    let answer = ask(&mut tls, "POST /policies/default/promote", headers).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    let digest = signalbox_runtime::Digest::of(&certificate("operator"));
    let who = format!("127.0.0.1, certificate sha256:{digest}");
    assert_eq!(gate.handle.swaps().history()[0].actor.who, who);
}

#[test]
fn a_certificate_that_was_replaced_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path(), None);
    let address = gate.admin.unwrap();
    assert_eq!(shown_by(address), certificate("first"));
    // A certificate that does not fit the key changes nothing but readiness.
    std::fs::copy(file("second.pem"), folder.path().join("new")).unwrap();
    std::fs::rename(folder.path().join("new"), folder.path().join("server.pem")).unwrap();
    let reasons = || gate.handle.status().reasons;
    assert!(within(|| reasons().contains_key("admin certificate")));
    assert_eq!(shown_by(address), certificate("first"));
    put(folder.path(), "second");
    assert!(within(|| shown_by(address) == certificate("second")));
    assert!(within(|| !reasons().contains_key("admin certificate")));
}
