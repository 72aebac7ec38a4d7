//! Keyrings, configurations with all they name, and signed statements.

use std::{fs, path::Path};

use serde_json::Value;
use signalbox_harness::command::signalbox;
use signalbox_host::{
    config::{Config, Isolation, KeySetSource, SignerKey},
    load_keyring,
};

use super::{Kind, STOPPED, beside, frozen, json, loading, says, upgrade_check};

#[test]
fn keyrings_hold_the_keys_they_held() {
    for keyring in loading(Kind::Keyring) {
        let command = signalbox().args(["keys", "list", "--json", "--keys"]);
        let printed = command.arg(&keyring).output();
        let now: Value = serde_json::from_str(&printed).expect("JSON");
        let recorded = json(&beside(&keyring, "listed.json"));
        assert!(says(&now, &recorded), "{}: {now:#}", keyring.display());
    }
}

#[test]
fn what_no_command_shows_of_a_key_is_as_it_was() {
    let keyring = load_keyring(&frozen().join("0.1/keyrings/everything.yaml"));
    let keyring = keyring.expect("a keyring");
    let key = keyring.key("team:a@b.example").expect("a key");
    assert_eq!(key.credentials.inference, "own-inference");
    assert_eq!(key.credentials.upload, "own-upload");
    assert_eq!(key.credentials.conversation, "own-conversation");
    assert_eq!(key.limits.body.bytes(), 16 << 20);
    assert_eq!(key.limits.upload.map(|size| size.bytes()), Some(4096 << 20));
    let json = load_keyring(&frozen().join("0.1/keyrings/json.yaml")).expect("a keyring");
    let token = "2222222222222222222222222222222222222222222222222222222222222223";
    let digest = signalbox_gate::Digest::from_hex(token).expect("a digest");
    assert_eq!(json.find(&digest).expect("a key").caller.id, "json");
}

/// Whether a policy asks for less than GT does: a host serves it, and refuses what goes past GT's table.
fn is_below_gt(code: &str) -> bool {
    ["less_than_gt", "not_in_gt_table"].contains(&code)
}

/// What `upgrade-check` finds in a configuration beside that.
fn codes_of(configuration: &Path) -> Vec<String> {
    let found = upgrade_check(&[configuration.to_owned()]);
    let codes = found.into_iter().map(|(_, code, _)| code);
    codes.filter(|code| !is_below_gt(code)).collect()
}

#[test]
fn configurations_load_with_all_they_name() {
    for configuration in loading(Kind::Configuration) {
        let mut found = upgrade_check(std::slice::from_ref(&configuration));
        // GT keys of the environment, registries and issuers cannot be looked at from a test.
        found.retain(|(file, code, effect)| {
            let is_listed = STOPPED.contains(&(file, code));
            effect != "unchecked" && !is_listed && !is_below_gt(code)
        });
        assert!(found.is_empty(), "{}: {found:?}", configuration.display());
    }
}

#[test]
fn every_section_says_what_it_said() {
    let folder = frozen().join("0.1/configurations");
    let config = Config::load(&folder.join("everything.yaml")).expect("a configuration");
    assert_eq!(config.listen, "[::1]:18080".parse().ok());
    assert!(config.tls.is_some() && !config.http2 && config.cors.is_some());
    let admin = config.admin.expect("an admin listener");
    assert!(admin.tls.is_some_and(|tls| tls.client_ca_file.is_some()));
    assert_eq!(config.upstream.urls.len(), 2);
    assert_eq!(config.upstream.credentials.len(), 6);
    assert_eq!(config.policies.len(), 6);
    let [employees, portal] = &config.jwt[..] else {
        panic!("two issuers")
    };
    assert_eq!(employees.algorithms.len(), 9);
    assert_eq!(employees.profile.profiles().collect::<Vec<_>>(), ["staff"]);
    assert!(matches!(portal.keys, KeySetSource::Url { .. }));
    assert_eq!(portal.profile.profiles().count(), 2);
    assert_eq!((config.swap.keep.get(), config.swap.watch), (6, false));
    assert!(matches!(
        config.signatures.signers["editors"].key,
        SignerKey::Given(_)
    ));
    assert!(!config.signatures.required && config.registry.login.is_some());
    assert_eq!(config.key_limits.concurrent, None);
    assert_eq!(config.limits.head.bytes(), 32 << 10);
    assert_eq!(config.limits.discard.bytes(), 1 << 20);
    assert_eq!(config.times.drain.duration().as_secs(), 86_400);
    assert_eq!(config.times.readiness_off.duration().as_millis(), 1);
    assert_eq!(
        config.times.sse_comment.map(|it| it.duration().as_secs()),
        Some(15)
    );
    assert_eq!(config.decisions.isolation, Isolation::Reuse);
    assert!(!config.answer_headers.decision && !config.records.access && config.records.log);
    assert_eq!(config.traces.expect("traces").sample.ten_thousandths(), 1);
}

#[test]
fn statements_hold_and_without_them_nothing_serves() {
    for statement in loading(Kind::Statement) {
        let version = statement
            .parent()
            .and_then(Path::parent)
            .expect("a version");
        let signed = version.join("configurations/signed.yaml");
        assert_eq!(codes_of(&signed), Vec::<String>::new());

        let folder = tempfile::tempdir().expect("room for a temporary folder");
        for part in ["configurations", "components", "keyrings"] {
            let to = folder.path().join(part);
            fs::create_dir(&to).expect("our folder takes folders");
            for entry in fs::read_dir(version.join(part)).expect("a folder") {
                let from = entry.expect("an entry").path();
                fs::copy(&from, to.join(from.file_name().expect("a name"))).expect("a copy");
            }
        }
        let copy = folder.path().join("configurations/signed.yaml");
        assert_eq!(codes_of(&copy), Vec::<String>::new());
        let name = statement.file_name().expect("a name");
        fs::remove_file(folder.path().join("components").join(name)).expect("it was copied");
        assert_eq!(codes_of(&copy), ["signature"]);
    }
}
