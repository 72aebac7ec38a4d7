//! Proxies whose authorizer is stopped, killed or away, and clients that tell what is not theirs to tell:
//! nothing of that reaches GT.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
};

use signalbox_harness::{
    deployed::{authz_at, authz_over_tls, caddy, haproxy, nginx, nginx_njs, pinned_nginx, traefik},
    gate::{ADMIN_TOKEN, key_entry, sha256},
    http::Ask,
    process::Program,
    proxy::{self, Port, Proxy},
    recorder::Recorder,
    served::{Place, Served},
};

const KEY: &str = "gtak_client";
const GT_KEY: &str = "gtak_of_gt";
/// Which every proxy can let through: it has no model, and one path.
const FILE: &str = "/api/tenant/v1/files/file_1";

const POLICY: &str = "\
policy: files
routes:
  GET /v1/models: {verdict: native}
  GET /v1/files/{id}: {verdict: gt_extension, action: forward, because: \"Test.\"}
models:
  same: {published: same}
";

/// A proxy, what it asks, and GT.
struct Asking {
    // The proxy ends before what it asks.
    proxy: Proxy,
    authorizer: Served,
    gt: Recorder,
    _place: Place,
}

impl Asking {
    fn over_socket(program: Program, proxy: fn(Program, &Path, SocketAddr) -> Proxy) -> Self {
        let socket = program.home().join("authz.sock");
        let (place, gt) = place(&authz_at(&socket));
        let authorizer = place.serve();
        Self {
            proxy: proxy(program, &socket, gt.address()),
            authorizer,
            gt,
            _place: place,
        }
    }

    fn over_tls() -> Self {
        let port = Port::free();
        let (place, gt) = place(&authz_over_tls(port.address()));
        let authorizer = place.serve();
        let program = Program::new(proxy::traefik("3.7.15"));
        let proxy = traefik(program, port.address(), gt.address());
        Self {
            proxy,
            authorizer,
            gt,
            _place: place,
        }
    }

    /// What holds of every proxy.
    fn holds(self) {
        let spoofed = [
            ("cookie", "c=1"),
            ("x-forwarded-method", "POST"),
            ("x-forwarded-uri", "/v1/models"),
            ("x-forwarded-host", "evil.example"),
            ("x-original-method", "POST"),
            ("x-original-uri", "/v1/models"),
            ("x-signalbox-authz", "forward"),
            ("x-signalbox-uri", "/evil"),
            ("x-signalbox-method", "POST"),
            ("x-api-key", "other"),
        ];
        let plain = Ask::get(FILE).key(KEY).header("accept", "a/b");
        let ask = spoofed
            .into_iter()
            .fold(plain, |ask, (name, value)| ask.header(name, value));
        let answer = ask.send(self.proxy.address());
        assert_eq!(answer.status, 200, "{answer:?}");
        let seen = self.gt.take();
        let [seen] = &seen[..] else {
            panic!("one request: {seen:?}")
        };
        assert_eq!((&*seen.method, &*seen.target), ("GET", FILE));
        let key = format!("Bearer {GT_KEY}");
        assert_eq!(seen.header("authorization"), Some(key));
        assert_eq!(seen.header("accept").as_deref(), Some("a/b"));
        for (name, _) in spoofed {
            assert_eq!(seen.header(name), None, "{seen:?}");
        }
        self.is_refused(&ask.clone().without("authorization"), 401);
        let other = ask.clone().without("authorization");
        self.is_refused(&other.header("authorization", "Bearer other"), 401);
        // Two keys are refused by whoever sees them first: nginx itself, or the authorizer.
        let two = ask.clone().header("authorization", "Bearer other");
        let answer = two.send(self.proxy.address());
        assert!((400..=401).contains(&answer.status), "{answer:?}");
        assert!(self.gt.take().is_empty());

        self.authorizer.signal("-STOP");
        let mut waiting = TcpStream::connect(self.proxy.address()).unwrap();
        let request = format!(
            "GET {FILE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n"
        );
        waiting.write_all(request.as_bytes()).unwrap();
        self.authorizer.signal("-KILL");
        let mut answer = Vec::new();
        waiting.read_to_end(&mut answer).unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 50"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        assert!(self.gt.take().is_empty());
        let answer = plain_again().send(self.proxy.address());
        assert!(answer.status >= 500, "{answer:?}");
        assert!(self.gt.take().is_empty());
    }

    fn is_refused(&self, ask: &Ask, status: u16) {
        let answer = ask.send(self.proxy.address());
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(self.gt.take().is_empty());
    }
}

fn plain_again() -> Ask {
    Ask::get(FILE).key(KEY)
}

/// A configuration with this `authz`, a key for files, and GT.
fn place(authz: &str) -> (Place, Recorder) {
    let gt = Recorder::start();
    let place = Place::before(gt.address(), "files: files.yaml", authz);
    let token = sha256(ADMIN_TOKEN);
    place.write(
        "signalbox.yaml",
        format!(
            "listen: 127.0.0.1:0\n\
             admin: {{listen: 127.0.0.1:0, operate_token_sha256: \"{token}\"}}\n\
             upstream: {{url: \"http://{}/api/tenant\", credentials: {{upload: {{file: gt-upload}}}}}}\n\
             policies: {{files: files.yaml}}\nkeys: keys.yaml\n{authz}",
            gt.address()
        ),
    );
    place.write("gt-upload", GT_KEY);
    place.write("files.yaml", POLICY);
    let rest = "policy: files, group: g, preset: dataset-upload, models: [], datasets: [a]";
    place.write(
        "keys.yaml",
        format!("keys:\n{}", key_entry("client", KEY, rest)),
    );
    (place, gt)
}

#[test]
fn nginx_with_njs_lets_nothing_through_unasked() {
    Asking::over_socket(pinned_nginx(), nginx_njs).holds();
}

#[test]
fn nginx_lets_nothing_through_unasked() {
    Asking::over_socket(Program::new("nginx"), nginx).holds();
}

#[test]
fn caddy_lets_nothing_through_unasked() {
    Asking::over_socket(Program::new(proxy::caddy("2.11.7")), caddy).holds();
}

#[test]
fn haproxy_lets_nothing_through_unasked() {
    Asking::over_socket(Program::new("haproxy"), haproxy).holds();
}

#[test]
fn traefik_lets_nothing_through_unasked() {
    Asking::over_tls().holds();
}
