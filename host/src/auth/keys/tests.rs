//! Tests of the keyring in use: a file that changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use signalbox_gate::{Authenticator, Digest};

use super::*;
use crate::auth::credentials::{CredentialFiles, Secret};
use crate::config::CredentialSource;
use signalbox_gate::keyring::KeyProblem;

fn text(token: &str) -> String {
    let sha256 = Digest::of(token);
    format!("keys: [{{id: a, sha256: '{sha256}', preset: conversation-uploads, models: all}}]")
}

fn credentials() -> Arc<Credentials> {
    let secret = Secret::read("gtak_gt").unwrap();
    let source = BTreeMap::from([("conversation".to_owned(), CredentialSource::Given(secret))]);
    Arc::clone(CredentialFiles::load(&source).unwrap().current())
}

fn opened() -> (tempfile::TempDir, PathBuf, Keys) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.yaml");
    std::fs::write(&path, text("gtak_one")).unwrap();
    let source = KeySource::File(path.clone());
    let keys = Keys::load(&source, KeyLimits::default(), credentials()).unwrap();
    (folder, path, keys)
}

/// As editors and orchestrators do it: a new file in place of the old.
fn replace(path: &Path, text: &str) {
    let next = path.with_extension("next");
    std::fs::write(&next, text).unwrap();
    std::fs::rename(&next, path).unwrap();
}

#[test]
fn a_changed_file_is_taken_over_on_the_second_look() {
    let (_folder, path, keys) = opened();
    assert!(keys.poll().is_none());
    replace(&path, &text("gtak_two"));
    assert!(keys.poll().is_none());
    assert!(keys.poll().unwrap().is_ok());
    assert!(keys.current().lookup("gtak_one").is_none());
    assert!(keys.current().lookup("gtak_two").is_some());
    assert!(keys.poll().is_none());
}

#[test]
fn a_broken_file_keeps_the_last_good_one() {
    let (_folder, path, keys) = opened();
    for broken in [
        "",
        "keys:",
        "keys: [{id: a}]",
        "\u{0}",
        "keys: [{id: gtak_secret}]",
    ] {
        replace(&path, broken);
        assert!(keys.poll().is_none());
        let error = keys.poll().unwrap().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert!(keys.current().lookup("gtak_one").is_some(), "{broken:?}");
        assert!(keys.poll().is_none(), "one broken file is reported once");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(keys.poll().is_none() && keys.poll().unwrap().is_err());
    assert!(keys.current().lookup("gtak_one").is_some());
    replace(&path, &text("gtak_three"));
    assert!(keys.poll().is_none() && keys.poll().unwrap().is_ok());
    assert!(keys.current().lookup("gtak_three").is_some());
}

#[test]
fn a_reload_does_not_wait_for_a_second_look() {
    let (_folder, path, keys) = opened();
    replace(&path, &text("gtak_two"));
    assert_eq!(keys.reload().unwrap().len(), 1);
    assert!(keys.current().lookup("gtak_two").is_some());
    assert!(keys.poll().is_none(), "it is not read twice");
    replace(&path, "keys:");
    assert!(keys.reload().is_err());
    assert!(keys.current().lookup("gtak_two").is_some());
}

#[test]
fn a_key_in_use_ends_with_its_entry() {
    let (_folder, path, keys) = opened();
    let now = Timestamp::UNIX_EPOCH;
    let key = Arc::clone(keys.current().lookup("gtak_one").unwrap());
    let authenticator = Authenticator::new(Arc::clone(keys.live()), None);
    assert!(authenticator.still_admits(&key, now));
    let with =
        |more: &str| text("gtak_one").replace("models: all", &format!("models: all, {more}"));
    for (text, is_valid) in [
        (with("labels: {a: b}"), true),
        (with("revoked: true"), false),
        (text("gtak_one"), true),
        (with("expires: 1970-01-01T00:00:00Z"), false),
        (with("expires: 1970-01-01T00:00:01Z"), true),
        (text("gtak_two"), false),
        ("keys: []".to_owned(), false),
    ] {
        replace(&path, &text);
        keys.reload().unwrap();
        assert_eq!(authenticator.still_admits(&key, now), is_valid, "{text}");
    }
}

#[test]
fn a_keyring_that_names_no_such_gt_key_is_not_taken() {
    let (_folder, path, keys) = opened();
    let named = text("gtak_two").replace("all", "all, credentials: {conversation: nobody}");
    replace(&path, &named);
    assert!(matches!(keys.reload(), Err(KeyringError::Entry { .. })));
    let source = KeySource::Text(named);
    assert!(Keys::load(&source, KeyLimits::default(), credentials()).is_err());
}

#[test]
fn a_token_that_everyone_knows_is_not_taken_over() {
    let (_folder, path, keys) = opened();
    replace(&path, &text(signalbox_gate::keyring::DEMO_TOKENS[0]));
    assert!(matches!(
        keys.reload(),
        Err(KeyringError::Entry {
            problem: KeyProblem::DemoToken,
            ..
        })
    ));
    assert!(keys.current().demo_key().is_none());
}

#[test]
fn a_keyring_given_as_text_stays() {
    let source = KeySource::Text(text("gtak_one"));
    let keys = Keys::load(&source, KeyLimits::default(), credentials()).unwrap();
    assert!(keys.poll().is_none());
    assert_eq!(keys.reload().unwrap().len(), 1);
}
