//! Tests of certificate files; what is spoken over them is tested over sockets.

use std::path::Path;

use super::*;
use crate::config::AdminTls;

fn files(certificate: &str, key: &str, client_ca: Option<&str>) -> AdminTls {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/admin/tls");
    AdminTls {
        cert_file: folder.join(certificate),
        key_file: folder.join(key),
        client_ca_file: client_ca.map(|name| folder.join(name)),
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    assert!(
        Certificates::load(
            files("first.pem", "first.key", Some("operators.pem")).files(),
            &[b"http/1.1"]
        )
        .is_ok()
    );
    for (files, expected) in [
        (files("none.pem", "first.key", None), "cannot read `"),
        (files("first.pem", "none.key", None), "cannot read `"),
        (
            files("first.pem", "first.key", Some("none.pem")),
            "cannot read `",
        ),
        (
            files("first.key", "first.key", None),
            "first.key` holds no certificate in PEM form",
        ),
        (
            files("make.sh", "first.key", None),
            "make.sh` holds no certificate in PEM form",
        ),
        (
            files("first.pem", "first.pem", None),
            "first.pem` holds no private key in PEM form",
        ),
        (
            files("first.pem", "first.key", Some("first.key")),
            "first.key` holds no usable certificate authority in PEM form",
        ),
        (
            files("first.pem", "second.key", None),
            "the certificate and its key cannot be used",
        ),
    ] {
        let error = Certificates::load(files.files(), &[b"http/1.1"])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}
