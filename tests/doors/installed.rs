//! The proxies are those that are pinned.

use std::path::PathBuf;

use signalbox_harness::{
    process::Program,
    proxy::{caddy, envoy, nginx, traefik},
};

/// Where a program is in one version.
type Installed = fn(&str) -> PathBuf;

#[test]
fn every_proxy_says_its_version() {
    let proxies: [(Installed, &str, &str); 5] = [
        (caddy, "2.11.7", "version"),
        (envoy, "1.39.3", "--version"),
        (envoy, "1.40.0", "--version"),
        (nginx, "1.31.3", "-v"),
        (traefik, "3.7.15", "version"),
    ];
    for (program, version, ask) in proxies {
        let mut process = Program::new(program(version)).arg(ask).start();
        assert!(process.wait().success(), "{version}");
        let said = process.stdout() + &process.stderr();
        assert!(said.contains(version), "{version}: {said}");
    }
}
