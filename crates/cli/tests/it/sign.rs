//! sign: keys and statements that a host accepts.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use jiff::Timestamp;
use serde_json::Value;
use signalbox_runtime::Digest;
use signalbox_swap::{Presented, Signer, Signers, SignsFor, verifying_key};
use tempfile::TempDir;

use crate::signalbox::{file, run};

/// A new key: its path, and the public half as it is printed.
fn key(folder: &Path) -> (String, String) {
    let path = folder.join("release.pem");
    let path = path.to_str().unwrap().to_owned();
    let made = run(&["sign", "--new-key", &path]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let entry = made.stdout.strip_prefix("release:\n  key: ").unwrap();
    let (public, rest) = entry.split_once('\n').unwrap();
    assert_eq!(rest, "  policies: all\n");
    (path, public.to_owned())
}

fn sign(more: &[&str]) -> crate::signalbox::Ran {
    let base = [
        "sign",
        "--policy",
        "default",
        "--serial",
        "7",
        "--not-after",
    ];
    run(&[&base[..], &["2999-01-01T00:00:00Z"], more].concat())
}

#[test]
fn what_is_signed_is_what_a_host_accepts() {
    let folder = TempDir::new().unwrap();
    let (key, public) = key(folder.path());
    let document = folder.path().join("policy.yaml");
    fs::copy(file("plugins/runbooks/litellm.yaml"), &document).unwrap();
    let component = folder.path().join("policy.wasm");
    let [document, component] = [&document, &component].map(|path| path.to_str().unwrap());
    assert_eq!(run(&["build", document, "-o", component]).code, Some(0));

    let signed = sign(&[document, "--key", &key]);
    assert_eq!(
        (signed.code, &*signed.stdout),
        (Some(0), ""),
        "{}",
        signed.stderr
    );
    let output = folder.path().join("other.json");
    let named = ["--key-id", "other", "-o", output.to_str().unwrap()];
    let signed = sign(&[&[component, "--key", &key][..], &named].concat());
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);

    let bytes = fs::read(component).unwrap();
    let signers = Signers::new(
        true,
        vec![Signer {
            id: "ours".to_owned(),
            key: verifying_key(&public).unwrap(),
            policies: SignsFor::All,
        }],
    );
    for (path, id) in [
        (format!("{document}.statement").into(), "release"),
        (output, "other"),
    ] {
        let statement = fs::read(path).unwrap();
        let accepted = signers.check(&Presented {
            policy: "default",
            digest: &Digest::of(&bytes),
            statement: Some(&statement),
            last: None,
            now: Timestamp::now(),
        });
        let accepted = accepted.unwrap().unwrap();
        assert_eq!(
            (accepted.signer.as_str(), accepted.accepted.serial),
            ("ours", 7)
        );
        let envelope: Value = serde_json::from_slice(&statement).unwrap();
        assert_eq!(envelope["signatures"][0]["keyid"], id);
    }
}

#[test]
fn a_statement_for_some_environments_holds_there_alone() {
    let folder = TempDir::new().unwrap();
    let (key, public) = key(folder.path());
    let component = folder.path().join("policy.wasm");
    let component = component.to_str().unwrap();
    let litellm = file("plugins/runbooks/litellm.yaml");
    assert_eq!(run(&["build", &litellm, "-o", component]).code, Some(0));
    let environments = ["--environment", "staging", "--environment", "test"];
    let signed = sign(&[&[component, "--key", &key][..], &environments].concat());
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);
    assert!(
        signed.stderr.contains("in `staging`, `test` until"),
        "{}",
        signed.stderr
    );
    let (bytes, statement) = (
        fs::read(component).unwrap(),
        fs::read(format!("{component}.statement")).unwrap(),
    );
    for (environment, holds) in [
        (Some("staging"), true),
        (Some("test"), true),
        (Some("production"), false),
        (None, false),
    ] {
        let signer = Signer {
            id: "ours".to_owned(),
            key: verifying_key(&public).unwrap(),
            policies: SignsFor::All,
        };
        let signers =
            Signers::new(true, vec![signer]).in_environment(environment.map(str::to_owned));
        let accepted = signers.check(&Presented {
            policy: "default",
            digest: &Digest::of(&bytes),
            statement: Some(&statement),
            last: None,
            now: Timestamp::now(),
        });
        assert_eq!(accepted.is_ok(), holds, "{environment:?}");
    }
    let refused = sign(&[component, "--key", &key, "--environment", "a b"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}

#[test]
fn a_key_is_ours_alone_and_never_written_over() {
    let folder = TempDir::new().unwrap();
    let (key, _) = key(folder.path());
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let before = fs::read(&key).unwrap();
    let again = run(&["sign", "--new-key", &key]);
    assert_eq!(
        (again.code, &*again.stdout),
        (Some(1), ""),
        "{}",
        again.stderr
    );
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn what_cannot_be_signed_says_why() {
    let folder = TempDir::new().unwrap();
    let (key, public) = key(folder.path());
    let no_key = folder.path().join("public");
    fs::write(&no_key, public).unwrap();
    let broken = folder.path().join("broken.yaml");
    fs::write(&broken, "policy: p\n").unwrap();
    let [no_key, broken] = [&no_key, &broken].map(|path| path.to_str().unwrap());
    let litellm = file("plugins/runbooks/litellm.yaml");
    for (arguments, code, says) in [
        (["/nowhere/policy.yaml", &key], 1, "/nowhere/policy.yaml"),
        ([&litellm, "/nowhere/key.pem"], 1, "/nowhere/key.pem"),
        ([&litellm, no_key], 1, "private key"),
        ([broken, &key], 3, "broken.yaml:1:"),
    ] {
        let [path, key] = arguments;
        let output = folder.path().join("out");
        let ran = sign(&[path, "--key", key, "-o", output.to_str().unwrap()]);
        assert_eq!((ran.code, &*ran.stdout), (Some(code), ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert!(!output.exists());
    }
}
