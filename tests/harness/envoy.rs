//! Envoy as `deploy/envoy` configures it, with other ports, and GT without TLS.

use std::{fs, net::SocketAddr, path::Path};

use crate::{
    process::Program,
    proxy::{Port, Proxy, envoy},
    root,
};

/// Starts Envoy of this version with one of the files of `deploy/envoy`. It asks the gate at this socket.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn start(version: &str, file: &str, gate: &Path, gt: SocketAddr) -> Proxy {
    start_changed(version, file, gate, gt, |text| text)
}

/// The same after this change of its configuration.
///
/// # Panics
/// If it does not come up.
#[must_use]
pub fn start_changed(
    version: &str,
    file: &str,
    gate: &Path,
    gt: SocketAddr,
    change: impl FnOnce(String) -> String,
) -> Proxy {
    let port = Port::free();
    let program = Program::new(envoy(version));
    let path = program.home().join("envoy.yaml");
    let text = fs::read_to_string(root().join("deploy/envoy").join(file));
    let text = text.expect("a configuration of ours");
    let (text, _tls_to_gt) = text
        .split_once("    transport_socket:")
        .expect("GT is asked over TLS");
    let text = [
        ("0.0.0.0, port_value: 8080", at(port.address())),
        ("gt.example.com, port_value: 443", at(gt)),
        ("/run/signalbox/ext-proc.sock", gate.display().to_string()),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, &to)
    });
    fs::write(&path, change(text)).expect("the program's own folder");
    let program = program
        .args([
            "--disable-hot-restart",
            "--concurrency",
            "2",
            "-l",
            "error",
            "-c",
        ])
        .arg(&path);
    Proxy::start(program, port)
}

fn at(address: SocketAddr) -> String {
    format!("{}, port_value: {}", address.ip(), address.port())
}
