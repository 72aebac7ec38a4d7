//! An admin listener with TLS: verified, or not spoken to.

use std::path::Path;

use crate::{
    host::{Folder, Host},
    signalbox::{Ran, file, run_with},
};

/// Certificates of `host/tests/it/admin/tls`, which its `make.sh` describes.
fn certificate(name: &str) -> String {
    file(
        &Path::new("host/tests/it/admin/tls")
            .join(name)
            .to_string_lossy(),
    )
}

fn host(client_authority: &str) -> (Host, String) {
    let folder = Folder::new();
    let tls = format!(
        ", tls: {{cert_file: \"{}\", key_file: \"{}\"{client_authority}}}",
        certificate("first.pem"),
        certificate("first.key")
    );
    let host = Host::start(&["--config", &folder.configure(&tls, "")]);
    let port = host.admin.rsplit_once(':').unwrap().1;
    let by_name = format!("https://localhost:{port}");
    (host, by_name)
}

fn status(url: &str, more: &[&str]) -> Ran {
    let environment = [("SIGNALBOX_ADMIN_TOKEN", "operate")];
    run_with(&environment, &[&["status", "--admin", url], more].concat())
}

/// Nothing on stdout, and what to do on stderr.
fn assert_refused(ran: &Ran, help: &str) {
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(help), "no `{help}` in {}", ran.stderr);
}

#[test]
fn a_host_with_tls_is_verified() {
    let (host, by_name) = host("");
    let ours = certificate("servers.pem");
    let verified = status(&by_name, &["--ca-file", &ours]);
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
    assert!(verified.stdout.starts_with("ready"), "{}", verified.stdout);
    let other = certificate("operators.pem");
    assert_refused(&status(&by_name, &["--ca-file", &other]), "--ca-file");
    let by_address = host.admin.replace("http://", "https://");
    assert_refused(&status(&by_address, &["--ca-file", &ours]), "use the name");
    assert_refused(&status(&host.admin, &[]), "https://");
    assert_refused(&status(&by_name, &["--ca-file", &file("README.md")]), "PEM");
}

#[test]
fn a_host_that_asks_for_a_certificate_is_shown_one() {
    let authority = certificate("operators.pem");
    let (_host, url) = host(&format!(", client_ca_file: \"{authority}\""));
    let servers = certificate("servers.pem");
    let with = |name: &str| {
        let (shown, key) = (format!("{name}.pem"), format!("{name}.key"));
        let (shown, key) = (certificate(&shown), certificate(&key));
        status(
            &url,
            &[
                "--ca-file",
                &servers,
                "--client-cert",
                &shown,
                "--client-key",
                &key,
            ],
        )
    };
    let known = with("operator");
    assert_eq!(known.code, Some(0), "{}", known.stderr);
    assert_refused(&with("stranger"), "--client-cert");
    assert_refused(&status(&url, &["--ca-file", &servers]), "--client-cert");
}
