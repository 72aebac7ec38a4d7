//! Whoever can call the gate has GT's key: who has only a client's key learns nothing.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
    time::Duration,
};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use signalbox_harness::{
    command::signalbox, gate::GT_INFERENCE, process::Process, recorder::Recorder, served::Place,
};

const KEY: &str = "gtak_direct";
const POLICY: &str = "policy: direct\nroutes:\n  \
    POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n\
    models:\n  gpt-4o: {published: support-agent}\n";

#[test]
fn a_socket_is_for_its_owner() {
    let gt = Recorder::start();
    let place = place(&gt, "ext_proc: {listen: unix:ext-proc.sock}\n");
    let _gate = start(&place);
    let found = fs::metadata(place.path("ext-proc.sock")).expect("the socket");
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_port_without_certificates_does_not_start() {
    let gt = Recorder::start();
    let place = place(&gt, "ext_proc: {listen: \"127.0.0.1:0\"}\n");
    let mut gate = program(&place).start();
    let status = gate.wait();
    assert_eq!(status.code(), Some(1), "{}", gate.stderr());
    assert!(gate.stderr().contains("ext_proc"), "{}", gate.stderr());
}

#[test]
fn a_configuration_without_the_section_does_not_start() {
    let gt = Recorder::start();
    let place = place(&gt, "");
    let mut gate = program(&place).start();
    assert_eq!(gate.wait().code(), Some(1));
    assert!(
        gate.stderr().contains("no section `ext_proc`"),
        "{}",
        gate.stderr()
    );
}

#[test]
fn a_client_that_calls_a_port_learns_nothing() {
    let gt = Recorder::start();
    let more = "ext_proc: {listen: \"127.0.0.1:0\", tls: {cert_file: cert.pem, key_file: key.pem, \
                client_ca_file: ca.pem, names: [envoy.example]}}\n";
    let place = place(&gt, more);
    let authority = authority();
    let (certificate, key) = issue(&authority, "gate.example");
    place.write("cert.pem", certificate);
    place.write("key.pem", key);
    place.write("ca.pem", authority.pem());
    let mut gate = program(&place).start();
    let address: SocketAddr = gate.wait_until(|gate| {
        let said = gate.stderr();
        let line = said
            .lines()
            .find_map(|line| line.strip_prefix("ext-proc on https://"));
        line.and_then(|line| line.trim().parse().ok())
    });
    let question = question();
    let mut plain = connect(address);
    // It may be cut before all of it is written.
    let _ = plain.write_all(&question);
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    learns_nothing(&heard);

    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("gate.example").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut secure = StreamOwned::new(connection, connect(address));
    let _ = secure.write_all(&question);
    let mut heard = Vec::new();
    let _ = secure.read_to_end(&mut heard);
    learns_nothing(&heard);
    assert!(heard.is_empty(), "{heard:?}");
    assert!(gt.take().is_empty());
}

fn learns_nothing(heard: &[u8]) {
    let heard = String::from_utf8_lossy(heard);
    for secret in [GT_INFERENCE, "Bearer", "support-agent"] {
        assert!(!heard.contains(secret), "{heard}");
    }
}

/// The beginning of HTTP/2, and a call of the service with a client's key in it.
fn question() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(
        format!("/envoy.service.ext_proc.v3.ExternalProcessor/Process Bearer {KEY}").as_bytes(),
    );
    bytes
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).expect("a socket takes it");
    stream
}

fn place(gt: &Recorder, more: &str) -> Place {
    let place = Place::before(gt.address(), "default: policy.yaml", more);
    place.write("policy.yaml", POLICY);
    place.key("app", KEY, "default");
    place
}

fn program(place: &Place) -> signalbox_harness::process::Program {
    signalbox()
        .args(["ext-proc", "--config"])
        .arg(place.path("signalbox.yaml"))
}

fn start(place: &Place) -> Process {
    let mut gate = program(place).start();
    gate.wait_until(|gate| gate.stderr().contains("ext-proc on ").then_some(()));
    gate
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

fn issue(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (String, String) {
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}
