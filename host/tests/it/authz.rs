//! Proxies that ask before they send a request on: who may ask, what they are told, and what is refused
//! because they could not do it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use signalbox_host::PrivateAddress;
use signalbox_host::config::{AuthzConfig, Config, PrivateListen, UnixSocket};
use tempfile::TempDir;

use crate::harness::{Gate, Gt, component};

/// The test's policy, and a model that has one name everywhere.
fn policy() -> Vec<u8> {
    let document =
        crate::harness::POLICY.replace("models:\n", "models:\n  same: {published: same}\n");
    component(&document)
}

/// A gate that proxies ask over a Unix socket.
struct Asked {
    _gate: Gate,
    socket: PathBuf,
    _folder: TempDir,
}

/// What a proxy is told.
struct Told {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Told {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Whether the request is let through.
    fn forwards(&self) -> bool {
        self.status == 200 && self.header("x-signalbox-authz") == Some("forward")
    }

    fn code(&self) -> String {
        let error: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = error.pointer("/error/code").and_then(Value::as_str);
        code.unwrap_or_default().to_owned()
    }
}

impl Asked {
    fn before(gt: &Gt) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("authz.sock");
        let listen = PrivateListen::Unix(UnixSocket::new(socket.clone()));
        let gate = Gate::builder(gt.address)
            .policy("default", policy())
            .config(|config| config.authz = Some(AuthzConfig::new(listen)))
            .start();
        Self {
            _gate: gate,
            socket,
            _folder: folder,
        }
    }

    fn ask(&self, path: &str, headers: &[&str], body: &str) -> Told {
        ask(
            &mut UnixStream::connect(&self.socket).unwrap(),
            path,
            headers,
            body,
        )
    }

    /// Asks as nginx does.
    fn nginx(&self, path: &str, line: &str, headers: &[&str], body: &str) -> Told {
        let (method, uri) = line.split_once(' ').unwrap();
        let original = [
            format!("x-original-method: {method}"),
            format!("x-original-uri: {uri}"),
        ];
        let headers: Vec<&str> = original
            .iter()
            .map(String::as_str)
            .chain(headers.iter().copied())
            .collect();
        self.ask(path, &headers, body)
    }

    /// Asks as all others do.
    fn forwarded(&self, path: &str, line: &str, headers: &[&str], body: &str) -> Told {
        let (method, uri) = line.split_once(' ').unwrap();
        let original = [
            format!("x-forwarded-method: {method}"),
            format!("x-forwarded-uri: {uri}"),
        ];
        let headers: Vec<&str> = original
            .iter()
            .map(String::as_str)
            .chain(headers.iter().copied())
            .collect();
        self.ask(path, &headers, body)
    }
}

fn ask(stream: &mut (impl Read + Write), path: &str, headers: &[&str], body: &str) -> Told {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: gate.example\r\nconnection: close\r\ncontent-length: {}\r\n{lines}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Told {
        status: head[9..12].parse().unwrap(),
        body: answer.split_off(end + 4),
        head,
    }
}

const KEY: &str = "authorization: Bearer token-all";
const JSON: &str = "content-type: application/json";

#[test]
fn nginx_with_njs_is_told_all() {
    let asked = Asked::before(&Gt::chatty());
    let headers = [KEY, JSON, "x-request-id: mine", "x-custom: 1"];
    let body = r#"{"model": "gpt-4o", "n": 12345678901234567890}"#;
    let chat = "POST /v1/chat/completions";
    let told = asked.nginx("/nginx-njs/body", chat, &headers, body);
    assert!(told.forwards(), "{}", told.head);
    let line = told.body.iter().position(|byte| *byte == b'\n').unwrap();
    let plan: Value = serde_json::from_slice(&told.body[..line]).unwrap();
    assert_eq!(plan["method"], "POST");
    assert_eq!(plan["uri"], "/api/tenant/v1/chat/completions");
    assert_eq!(plan["authorization"], "Bearer gtak_inference");
    assert_eq!(plan["stamp"], "\"gpt-4o\"");
    assert_eq!(plan["request_id"], "mine");
    assert_eq!(plan["headers"][0][0], "x-signalbox-decision");
    assert_eq!(plan["refusals"]["redirect"]["status"], 502);
    let (lines, sent) = told.body[line + 1..].split_at(plan["lines"].as_u64().unwrap() as usize);
    let lines = String::from_utf8(lines.to_vec()).unwrap();
    let mut lines: Vec<&str> = lines.split("\r\n").collect();
    lines.sort_unstable();
    let expected = [
        "",
        "accept-encoding: identity",
        "content-type: application/json",
        "x-request-id: mine",
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        sent,
        br#"{"model": "support-agent", "n": 12345678901234567890}"#
    );
    let gone = asked.nginx("/nginx-njs/head", chat, &headers, "");
    assert_eq!(
        (gone.status, &*gone.code()),
        (400, "invalid_body"),
        "there is no body"
    );
}

#[test]
fn a_part_of_a_body_is_not_taken_for_the_whole() {
    let asked = Asked::before(&Gt::chatty());
    let body = r#"{"model": "same"}"#;
    for length in [
        "x-original-content-length: 18",
        "x-original-content-length: 16",
    ] {
        let headers = [KEY, JSON, length];
        let chat = "POST /v1/chat/completions";
        let told = asked.nginx("/nginx-njs/body", chat, &headers, body);
        assert!(
            !told.forwards() && !told.code().is_empty(),
            "{length}: {}",
            told.head
        );
    }
    let longer = [KEY, JSON, "x-forwarded-content-length: 18"];
    let chat = "POST /api/tenant/v1/chat/completions";
    let told = asked.forwarded("/traefik", chat, &longer, body);
    assert_eq!(told.code(), "proxy_cannot_rewrite");
}

#[test]
fn who_shows_no_body_gets_no_model() {
    let asked = Asked::before(&Gt::chatty());
    let length = [
        "x-original-content-length: 20",
        "x-forwarded-content-length: 20",
    ];
    let headers = [KEY, JSON, length[0], length[1]];
    for model in ["gpt-4o", "same"] {
        // Even if a body comes along.
        let body = format!(r#"{{"model": "{model}"}}"#);
        let chat = "POST /v1/chat/completions";
        let njs = asked.nginx("/nginx-njs/head", chat, &headers, &body);
        let nginx = asked.nginx("/nginx", chat, &headers, &body);
        let caddy = asked.forwarded("/caddy", chat, &headers, &body);
        let haproxy = asked.forwarded("/haproxy", chat, &headers, &body);
        for told in [&njs, &caddy, &haproxy] {
            assert_eq!((told.status, &*told.code()), (501, "proxy_cannot_rewrite"));
        }
        assert_eq!(
            (nginx.status, nginx.header("x-signalbox-status")),
            (403, Some("501"))
        );
        let body = nginx.header("x-signalbox-body").unwrap();
        assert!(body.contains("proxy_cannot_rewrite"), "{body}");
    }
}

#[test]
fn head_only_proxies_are_told_headers_and_target() {
    let asked = Asked::before(&Gt::chatty());
    let headers = [
        KEY,
        "accept: a/b",
        "x-stainless-lang: js",
        "cookie: c",
        "x-signalbox-uri: /evil",
    ];
    let file = "GET /v1/files/file_1";
    for (told, lists) in [
        (
            asked.nginx(
                "/nginx",
                file,
                &["authorization: Bearer token-upload", headers[1], headers[2]],
                "",
            ),
            true,
        ),
        (
            asked.forwarded(
                "/caddy",
                file,
                &["authorization: Bearer token-upload", headers[1], headers[2]],
                "",
            ),
            true,
        ),
        (
            asked.forwarded(
                "/haproxy",
                file,
                &["authorization: Bearer token-upload", headers[1], headers[2]],
                "",
            ),
            false,
        ),
    ] {
        assert!(told.forwards(), "{}", told.head);
        assert_eq!(told.header("authorization"), Some("Bearer gtak_upload"));
        assert_eq!(told.header("accept"), Some("a/b"));
        assert_eq!(
            told.header("x-signalbox-uri"),
            Some("/api/tenant/v1/files/file_1")
        );
        assert_eq!(told.header("x-signalbox-method"), Some("GET"));
        assert!(told.header("x-signalbox-decision").is_some());
        assert_eq!(told.header("x-stainless-lang").is_none(), lists);
        assert_eq!(told.header("cookie"), None);
        assert!(told.body.is_empty());
    }
    // Its two GT keys may both know the file.
    let told = asked.forwarded("/haproxy", file, &headers, "");
    assert_eq!(told.code(), "proxy_cannot_rewrite");
}

#[test]
fn traefik_gets_what_needs_no_rewriting() {
    let asked = Asked::before(&Gt::chatty());
    let headers = [KEY, JSON, "accept: a/b", "x-forwarded-for: 192.0.2.1"];
    let chat = "POST /api/tenant/v1/chat/completions";
    let same = asked.forwarded("/traefik", chat, &headers, r#"{"model": "same"}"#);
    assert_eq!(same.status, 200, "{}", same.head);
    assert_eq!(same.header("authorization"), Some("Bearer gtak_inference"));
    assert_eq!(same.header("content-type"), Some("application/json"));
    assert!(same.body.is_empty());
    assert!(
        !same.head.contains("x-signalbox"),
        "GT would see it: {}",
        same.head
    );
    for (line, body) in [
        (chat, r#"{"model": "gpt-4o"}"#),
        // GT has it elsewhere.
        ("POST /v1/chat/completions", r#"{"model": "same"}"#),
    ] {
        let told = asked.forwarded("/traefik", line, &headers, body);
        assert_eq!(
            (told.status, &*told.code()),
            (501, "proxy_cannot_rewrite"),
            "{line} {body}"
        );
    }
    let unknown = asked.forwarded("/traefik", chat, &headers, r#"{"model": "other"}"#);
    assert_eq!((unknown.status, &*unknown.code()), (404, "model_not_found"));
}

#[test]
fn lists_of_models_are_answered_where_the_answer_is_shown() {
    let asked = Asked::before(&Gt::chatty());
    for path in ["/caddy", "/haproxy"] {
        let told = asked.forwarded(path, "GET /v1/models", &[KEY], "");
        assert_eq!((told.status, told.forwards()), (200, false), "{path}");
        assert!(String::from_utf8_lossy(&told.body).contains("gpt-4o"));
        assert_eq!(told.header("x-signalbox-authz"), Some("answer"));
    }
    let njs = asked.nginx("/nginx-njs/head", "GET /v1/models", &[KEY], "");
    assert_eq!(
        (njs.status, njs.header("x-signalbox-authz")),
        (200, Some("answer"))
    );
    let traefik = asked.forwarded("/traefik", "GET /v1/models", &[KEY], "");
    assert_eq!(
        (traefik.status, &*traefik.code()),
        (501, "proxy_cannot_rewrite")
    );
    let nginx = asked.nginx("/nginx", "GET /v1/models", &[KEY], "");
    assert_eq!(
        (nginx.status, nginx.header("x-signalbox-status")),
        (403, Some("501"))
    );
}

#[test]
fn a_client_tells_nothing_that_is_the_proxys_to_tell() {
    let asked = Asked::before(&Gt::chatty());
    let spoofed = [
        KEY,
        "x-forwarded-method: GET",
        "x-forwarded-uri: /v1/models",
        "x-original-method: GET",
        "x-original-uri: /v1/models",
    ];
    // What one family says, the other does not hear.
    let chat = "POST /v1/chat/completions";
    let nginx = asked.nginx("/nginx", chat, &spoofed[..3], "");
    assert_eq!(
        nginx.header("x-signalbox-status"),
        Some("415"),
        "it is asked about chat"
    );
    let caddy = asked.forwarded("/caddy", chat, &[KEY, spoofed[3], spoofed[4]], "");
    assert_eq!(caddy.status, 415);
    // And what is said twice is not believed.
    let twice = asked.nginx("/nginx", "GET /v1/files/a", &[KEY, spoofed[3]], "");
    assert_eq!(twice.header("x-signalbox-status"), Some("501"));
    assert_eq!(
        asked.ask("/caddy", &[KEY], "").code(),
        "proxy_cannot_rewrite"
    );
    for path in ["/", "/v1/models", "/authz", "/nginx/", "/traefik?x"] {
        let told = asked.ask(path, &spoofed[..3], "");
        let is_traefik = path == "/traefik?x";
        assert!(
            is_traefik || told.code() == "proxy_cannot_rewrite",
            "{path}"
        );
        assert!(!told.head.contains("gtak_"), "{path}");
    }
}

#[test]
fn a_gate_for_proxies_alone_has_no_other_listener() {
    let gt = Gt::chatty();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("authz.sock");
    let only = |config: &mut Config| {
        config.listen = None;
        config.authz = Some(AuthzConfig::new(PrivateListen::Unix(UnixSocket::new(
            socket.clone(),
        ))));
    };
    let gate = Gate::builder(gt.address).config(only).start();
    let lines = [
        "x-forwarded-method: GET",
        "x-forwarded-uri: /v1/models",
        KEY,
    ];
    let told = ask(
        &mut UnixStream::connect(&socket).unwrap(),
        "/caddy",
        &lines,
        "",
    );
    assert_eq!(told.status, 200);
    let second = Gate::builder(gt.address).config(only).refused();
    assert!(
        matches!(second, signalbox_host::BindError::Private("authz", _)),
        "{second}"
    );
    assert_eq!(gate.exit(), signalbox_host::Exit::default());
    assert!(!socket.exists());
    let nothing = Gate::builder(gt.address).config(|config| config.listen = None);
    assert!(matches!(
        nothing.refused(),
        signalbox_host::BindError::NoListener
    ));
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/admin/tls")
        .join(name)
}

/// A gate that proxies ask over TCP, if their certificate has this name.
fn over_tcp(name: &str) -> (Gate, SocketAddr) {
    let text = format!(
        "upstream: {{url: 'https://gt.example', credentials: {{inference: {{env: X}}}}}}\n\
         policies: {{default: p.yaml}}\nkeys: k.yaml\n\
         authz: {{listen: '127.0.0.1:0', tls: {{cert_file: first.pem, key_file: first.key, \
         client_ca_file: operators.pem, names: ['{name}']}}}}\n"
    );
    let written = Config::parse(&text, &file("")).unwrap();
    assert_eq!(written.listen, None, "proxies alone come here");
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.authz = written.authz)
        .start();
    let Some(PrivateAddress::MutualTls(address)) = gate.authz.clone() else {
        panic!("a port");
    };
    (gate, address)
}

/// What comes back over TLS with the certificate of this name; empty if nothing does.
fn over_tls(address: SocketAddr, shown: Option<&str>, request: &str) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file("servers.pem")).unwrap())
        .unwrap();
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
    let mut tls = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let mut come = Vec::new();
    if tls.write_all(request.as_bytes()).is_ok() {
        // An end that is an error is an end.
        let _ = tls.read_to_end(&mut come);
    }
    come
}

#[test]
fn whoever_is_no_named_proxy_learns_nothing_with_a_valid_key() {
    let request = format!(
        "POST /caddy HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n{KEY}\r\n\
         x-forwarded-method: GET\r\nx-forwarded-uri: /v1/files/a\r\n\r\n"
    );
    let (_gate, address) = over_tcp("operator");
    let come = over_tls(address, Some("operator"), &request);
    assert!(come.starts_with(b"HTTP/1.1 "), "{come:?}");
    for shown in [None, Some("stranger"), Some("first")] {
        assert!(over_tls(address, shown, &request).is_empty(), "{shown:?}");
    }
    let mut plain = TcpStream::connect(address).unwrap();
    plain.write_all(request.as_bytes()).unwrap();
    let mut come = Vec::new();
    let _ = plain.read_to_end(&mut come);
    assert!(!String::from_utf8_lossy(&come).contains("HTTP"), "{come:?}");
    let (_gate, another) = over_tcp("another.example");
    assert!(over_tls(another, Some("operator"), &request).is_empty());
}
