//! TLS towards clients: the version is agreed on, files are taken over as they change, and a client
//! that does not shake hands holds nobody up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use signalbox_host::config::ListenerTls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::http2::{Http2, run};
use crate::harness::{Ask, Gate, Gt, within};

/// A certificate for `localhost` that vouches for itself, and its key.
fn certificate() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Puts both files where the host reads them, each by renaming.
fn put(folder: &Path, (certificate, key): &(String, String)) {
    for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
        let next = folder.join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, folder.join(name)).unwrap();
    }
}

fn gate(folder: &Path) -> Gate {
    let tls = ListenerTls {
        cert_file: folder.join("cert.pem"),
        key_file: folder.join("key.pem"),
    };
    Gate::builder(Gt::chatty().address)
        .config(|config| config.tls = Some(tls))
        .start()
}

/// A connection of a client that trusts only this certificate and offers these protocols.
async fn connect(
    gate: &Gate,
    (certificate, _): &(String, String),
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let socket = TcpStream::connect(gate.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
}

/// Sends a chat over HTTP/1 and returns all that comes.
async fn chat(mut stream: TlsStream<TcpStream>) -> String {
    let ask = Ask::chat("gpt-4o").header("connection", "close");
    stream.write_all(&ask.bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[test]
fn the_version_is_the_best_the_client_offers() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certificate();
    put(folder.path(), &pair);
    let gate = gate(folder.path());
    run(async {
        let both: &[&[u8]] = &[b"http/1.1", b"h2"];
        let stream = connect(&gate, &pair, both).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let mut client = Http2::over(stream).await;
        let answer = client.send(&Ask::chat("gpt-4o")).await;
        assert_eq!(answer.text(), r#"{"id":"c1","model":"gpt-4o"}"#);
        for offered in [&[&b"http/1.1"[..]][..], &[]] {
            let stream = connect(&gate, &pair, offered).await.unwrap();
            let answer = chat(stream).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        }
    });
}

#[test]
fn curl_speaks_http2_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certificate();
    put(folder.path(), &pair);
    let gate = gate(folder.path());
    let port = gate.address.port();
    for (version, expected) in [("--http2", "200 2"), ("--http1.1", "200 1.1")] {
        let output = std::process::Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "30", version])
            .args(["--write-out", "%{http_code} %{http_version}", "--output"])
            .arg(folder.path().join("answer"))
            .arg("--cacert")
            .arg(folder.path().join("cert.pem"))
            .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
            .args(["--header", "authorization: Bearer token-all"])
            .arg(format!("https://localhost:{port}/v1/models"))
            .output()
            .expect("curl is not installed");
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, expected, "{error}");
    }
}

#[test]
fn files_that_change_are_taken_over_and_half_a_change_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (certificate(), certificate());
    put(folder.path(), &first);
    let gate = gate(folder.path());
    let shows = |pair: &(String, String)| run(connect(&gate, pair, &[b"h2"])).is_ok();
    let mut open =
        run(async { Http2::over(connect(&gate, &first, &[b"h2"]).await.unwrap()).await });
    assert!(shows(&first) && !shows(&second));
    // The key is still the first one's: they do not belong together.
    std::fs::write(folder.path().join("cert.pem"), &second.0).unwrap();
    let reason = || gate.handle.status().reasons.get("certificate").cloned();
    assert!(within(|| reason().is_some()), "it is said in readiness");
    assert_eq!(gate.handle.status().status, "degraded");
    assert!(shows(&first), "the last good ones stay");
    std::fs::write(folder.path().join("key.pem"), &second.1).unwrap();
    assert!(within(|| shows(&second)));
    assert!(within(|| reason().is_none()));
    assert!(!shows(&first));
    // Its connection was made before, on a runtime that is gone by now.
    drop(run(async {
        open.try_open(&Ask::get("/v1/models"), true).await.err()
    }));
}

#[test]
fn files_that_cannot_be_used_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (certificate(), certificate());
    put(folder.path(), &(first.0, second.1));
    let tls = ListenerTls {
        cert_file: folder.path().join("cert.pem"),
        key_file: folder.path().join("key.pem"),
    };
    let refused = Gate::builder(Gt::chatty().address)
        .config(|config| config.tls = Some(tls))
        .refused();
    assert_eq!(
        refused.to_string(),
        "the certificate for clients cannot be used"
    );
}

#[test]
fn a_client_that_does_not_shake_hands_is_let_go_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certificate();
    put(folder.path(), &pair);
    let tls = ListenerTls {
        cert_file: folder.path().join("cert.pem"),
        key_file: folder.path().join("key.pem"),
    };
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| {
            config.tls = Some(tls);
            config.times.handshake = Duration::from_millis(500).into();
        })
        .start();
    let mut silent = gate.connect();
    let mut plain = gate.connect();
    plain.write(&Ask::chat("gpt-4o").bytes());
    run(async {
        let stream = connect(&gate, &pair, &[]).await.unwrap();
        assert!(chat(stream).await.starts_with("HTTP/1.1 200 OK"));
    });
    assert!(silent.is_closed());
    // What is said to somebody without TLS is an alert of TLS at most.
    let mut rest = Vec::new();
    plain.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
}

#[test]
fn requests_whose_answers_nobody_takes_are_not_read_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certificate();
    put(folder.path(), &pair);
    let gate = gate(folder.path());
    run(async {
        let mut client = connect(&gate, &pair, &[]).await.unwrap();
        let list = Ask::get("/v1/models").bytes().repeat(1_000);
        let mut written = 0;
        // Nobody takes any more, or the connection is over.
        while written < 64 << 20
            && let Ok(Ok(())) = timeout(Duration::from_secs(1), client.write_all(&list)).await
        {
            written += list.len();
        }
        assert!(written < 64 << 20, "they are read for ever");
    });
}

#[test]
fn the_beginning_of_http2_may_come_in_any_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certificate();
    put(folder.path(), &pair);
    let gate = gate(folder.path());
    run(async {
        let mut client = connect(&gate, &pair, &[b"h2"]).await.unwrap();
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
            client.write_all(&[*byte]).await.unwrap();
            client.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        // An empty SETTINGS, whose acknowledgement says that it was read.
        client
            .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        let mut frame = [0; 9];
        while (frame[3], frame[4]) != (4, 1) {
            client.read_exact(&mut frame).await.unwrap();
            let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
            let mut payload = vec![0; length as usize];
            client.read_exact(&mut payload).await.unwrap();
        }
    });
}
