//! The ready-made configurations of `deploy/`, with the places in them replaced, before proxies of others.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
};

use crate::{
    http::Ask,
    process::Program,
    proxy::{self, Port, Proxy},
    root,
};

/// nginx with njs, which asks at this socket and sends to this GT.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn nginx_njs(program: Program, authz: &Path, gt: SocketAddr) -> Proxy {
    let port = Port::free();
    let scripts = root().join("deploy/nginx/njs");
    let text = Deployed::read("nginx/njs/nginx.conf")
        .put("/etc/nginx/signalbox;", &format!("{};", scripts.display()))
        .put("/run/signalbox/authz.sock", &authz.display().to_string())
        .put("gt.example:443", &gt.to_string())
        .put("Host gt.example;", &format!("Host {gt};"))
        .put("listen 8080;", &format!("listen {};", port.address()))
        .0;
    start_nginx(program, &text, port)
}

/// nginx with `auth_request`.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn nginx(program: Program, authz: &Path, gt: SocketAddr) -> Proxy {
    let port = Port::free();
    let text = Deployed::read("nginx/auth_request/nginx.conf")
        .put("/run/signalbox/authz.sock", &authz.display().to_string())
        .put("gt.example:443", &gt.to_string())
        .put("Host gt.example;", &format!("Host {gt};"))
        .put("listen 8080;", &format!("listen {};", port.address()))
        .0;
    start_nginx(program, &text, port)
}

/// In one process, which ends with the test; its files are in its own folder.
fn start_nginx(program: Program, text: &str, port: Port) -> Proxy {
    let home = program.home().to_owned();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {}/{what};\n", home.display()))
        .concat();
    let text = text.replacen("http {\n", &format!("http {{\n{temporary}"), 1);
    let head = format!(
        "daemon off;\nmaster_process off;\npid {}/pid;\n",
        home.display()
    );
    let file = home.join("nginx.conf");
    fs::write(&file, head + &text).expect("the program's own folder");
    let program = program.arg("-p").arg(&home).arg("-c").arg(file);
    Proxy::start(program.args(["-e", "stderr"]), port)
}

/// Caddy.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn caddy(program: Program, authz: &Path, gt: SocketAddr) -> Proxy {
    let port = Port::free();
    let text = Deployed::read("caddy/Caddyfile")
        .put(
            "http://:8080 {",
            &format!("http://:{} {{\n\tbind 127.0.0.1", port.address().port()),
        )
        .put(
            "unix//run/signalbox/authz.sock",
            &format!("unix/{}", authz.display()),
        )
        .put("http://gt.example", &format!("http://{gt}"))
        .0;
    let file = program.home().join("Caddyfile");
    fs::write(&file, text).expect("the program's own folder");
    let program = program.args(["run", "--adapter", "caddyfile", "--config"]);
    Proxy::start(program.arg(file), port)
}

/// HAProxy.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn haproxy(program: Program, authz: &Path, gt: SocketAddr) -> Proxy {
    let port = Port::free();
    let script = root().join("deploy/haproxy/signalbox.lua");
    let server = "gt.example:443 ssl verify required ca-file @system-ca sni str(gt.example)";
    let text = Deployed::read("haproxy/haproxy.cfg")
        .put("/etc/haproxy/signalbox.lua", &script.display().to_string())
        .put("bind :8080", &format!("bind {}", port.address()))
        .put(server, &gt.to_string())
        .put("Host gt.example", &format!("Host {gt}"))
        .0;
    let file = program.home().join("haproxy.cfg");
    fs::write(&file, text).expect("the program's own folder");
    let program = program.env("SIGNALBOX_AUTHZ", &format!("unix@{}", authz.display()));
    Proxy::start(program.args(["-db", "-f"]).arg(file), port)
}

/// Traefik, which asks over mutual TLS.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn traefik(program: Program, authz: SocketAddr, gt: SocketAddr) -> Proxy {
    let port = Port::free();
    let home = program.home().to_owned();
    let file = |name: &str| certificate(name).display().to_string();
    let dynamic = Deployed::read("traefik/signalbox.yaml")
        .put(
            "signalbox.example:9443",
            &format!("localhost:{}", authz.port()),
        )
        .put("/etc/traefik/signalbox-ca.pem", &file("servers.pem"))
        .put("/etc/traefik/traefik.pem", &file("operator.pem"))
        .put("/etc/traefik/traefik.key", &file("operator.key"))
        .put("https://gt.example", &format!("http://{gt}"))
        .0;
    let rules = home.join("signalbox.yaml");
    fs::write(&rules, dynamic).expect("the program's own folder");
    let text = Deployed::read("traefik/traefik.yaml")
        .put("\":8080\"", &format!("\"{}\"", port.address()))
        .put("/etc/traefik/signalbox.yaml", &rules.display().to_string())
        .0;
    let file = home.join("traefik.yaml");
    fs::write(&file, text).expect("the program's own folder");
    let program = program.arg(format!("--configfile={}", file.display()));
    // It listens before it has read its rules, and answers 404 until then.
    Proxy::start_until(program, port, |address| {
        TcpStream::connect(address)
            .is_ok_and(|_| Ask::get("/v1/models").send(address).status != 404)
    })
}

/// `authz` of a host for Traefik, at this address.
#[must_use]
pub fn authz_over_tls(address: SocketAddr) -> String {
    let file = |name: &str| certificate(name).display().to_string();
    format!(
        "authz: {{listen: \"{address}\", tls: {{cert_file: \"{}\", key_file: \"{}\", client_ca_file: \"{}\", \
         names: [operator]}}}}\n",
        file("first.pem"),
        file("first.key"),
        file("operators.pem"),
    )
}

/// `authz` of a host, at this socket.
#[must_use]
pub fn authz_at(socket: &Path) -> String {
    format!("authz: {{listen: \"unix:{}\"}}\n", socket.display())
}

/// The pinned nginx with njs.
#[must_use]
pub fn pinned_nginx() -> Program {
    Program::new(proxy::nginx("1.31.3"))
}

/// GT's address in a configuration.
///
/// # Panics
/// If it has none.
#[must_use]
pub fn gt_of(configuration: &str) -> SocketAddr {
    let (_, url) = configuration
        .split_once("url: \"http://")
        .expect("one upstream");
    let (address, _) = url.split_once('/').expect("a path");
    address.parse().expect("an address")
}

/// A file of `host/tests/it/admin/tls`: `first` is a server's certificate for `localhost`, `operator` a client's.
fn certificate(name: &str) -> PathBuf {
    root().join("host/tests/it/admin/tls").join(name)
}

/// A text of `deploy/`.
struct Deployed(String);

impl Deployed {
    fn read(path: &str) -> Self {
        let path = root().join("deploy").join(path);
        let text = fs::read_to_string(&path);
        Self(text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// With something in place of what stands there.
    fn put(self, place: &str, value: &str) -> Self {
        assert!(self.0.contains(place), "no {place:?}");
        Self(self.0.replace(place, value))
    }
}
