//! Which GT key a request goes out with, and that one can be replaced while requests go on.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sha2::{Digest, Sha256};
use signalbox_host::config::{Config, CredentialSource, KeySource};

use crate::harness::{Ask, Gate, GateBuilder, Gt, within};

/// A keyring of `(name, rest of the entry)`; tokens are `token-NAME`.
fn keyring(entries: &[(&str, &str)]) -> KeySource {
    let entry = |(name, rest): &(&str, &str)| {
        let digest = Sha256::digest(format!("token-{name}"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("  - {{id: {name}, sha256: \"{hex}\", {rest}}}\n")
    };
    KeySource::Text(format!(
        "keys:\n{}",
        entries.iter().map(entry).collect::<String>()
    ))
}

fn file(config: &mut Config, name: &str, path: &Path) {
    let source = CredentialSource::File(path.to_owned());
    config.upstream.credentials.insert(name.to_owned(), source);
}

fn sent(gt: &Gt) -> Vec<String> {
    let seen = gt.seen();
    let values = seen.iter().filter_map(|seen| seen.header("authorization"));
    values.map(str::to_owned).collect()
}

fn before(gt: &Gt) -> GateBuilder {
    Gate::builder(gt.address)
}

#[test]
fn each_key_goes_out_with_the_gt_keys_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let team = folder.path().join("team");
    std::fs::write(&team, "gtak_team\n").unwrap();
    let gt = Gt::chatty();
    // Every process has one, and none of ours is a secret.
    let variable = "CARGO_PKG_NAME";
    let gate = before(&gt)
        .config(|config| {
            file(config, "team", &team);
            let source = CredentialSource::Env(variable.to_owned());
            config.upstream.credentials.insert("env".to_owned(), source);
            let uploads = "preset: dataset-upload, models: [], datasets: [briefs], credentials: {upload: team}";
            config.keys = keyring(&[
                ("plain", "preset: chat-client, models: all"),
                ("team", "preset: chat-client, models: all, credentials: {inference: team}"),
                ("env", "preset: chat-client, models: all, credentials: {inference: env}"),
                ("loader", uploads),
            ]);
        })
        .start();
    for key in ["plain", "team", "env", "plain"] {
        assert_eq!(gate.send(&Ask::chat("gpt-4o").key(key)).status, 200);
    }
    let upload = Ask::post("/v1/datasets/briefs/files").body(b"x");
    assert_eq!(gate.send(&upload.key("loader")).status, 200);
    let value = std::env::var(variable).unwrap();
    let expected = [
        "gtak_inference",
        "gtak_team",
        &value,
        "gtak_inference",
        "gtak_team",
    ];
    assert_eq!(sent(&gt), expected.map(|key| format!("Bearer {key}")));
}

#[test]
fn a_gt_key_is_replaced_under_load_and_no_request_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (path, next) = (folder.path().join("key"), folder.path().join("next"));
    std::fs::write(&path, "gtak_old").unwrap();
    let gt = Gt::chatty();
    let gate = before(&gt)
        .config(|config| file(config, "inference", &path))
        .start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    std::fs::write(&next, "gtak_new").unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = gate.connect();
                while !is_over.load(Ordering::SeqCst) {
                    assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
                }
            });
        }
        std::fs::rename(&next, &path).unwrap();
        let is_taken = || {
            sent(&gt)
                .last()
                .is_some_and(|last| last == "Bearer gtak_new")
        };
        let taken = within(is_taken);
        is_over.store(true, Ordering::SeqCst);
        assert!(taken);
    });
    gate.send(&Ask::chat("gpt-4o"));
    let sent = sent(&gt);
    let first_new = sent
        .iter()
        .position(|key| key == "Bearer gtak_new")
        .unwrap();
    let known = ["Bearer gtak_old", "Bearer gtak_new"];
    assert!(first_new > 0 && sent.iter().all(|key| known.contains(&&**key)));
    assert_eq!(sent.last().unwrap(), "Bearer gtak_new");
}

#[test]
fn a_keyring_that_waited_for_a_gt_key_is_taken_over_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, folder.path().join(name)).unwrap();
    };
    let uploads = |group: &str| {
        format!(
            "group: {group}, preset: dataset-upload, models: [], datasets: [briefs], credentials: {{upload: {group}}}"
        )
    };
    let (one, two) = (uploads("one"), uploads("two"));
    let chat = "preset: chat-client, models: all";
    let revoked = format!("{chat}, revoked: true");
    let text = |entries: &[(&str, &str)]| match keyring(entries) {
        KeySource::Text(text) => text,
        other => panic!("{other:?}"),
    };
    put("one", "gtak_shared");
    put("two", "gtak_shared");
    put("keys", &text(&[("leaked", chat), ("first", &one)]));
    let gt = Gt::chatty();
    let gate = before(&gt)
        .config(|config| {
            file(config, "one", &folder.path().join("one"));
            file(config, "two", &folder.path().join("two"));
            config.keys = KeySource::File(folder.path().join("keys"));
        })
        .start();
    let status = || gate.send(&Ask::chat("gpt-4o").key("leaked")).status;
    assert_eq!(status(), 200);
    put(
        "keys",
        &text(&[("leaked", &revoked), ("first", &one), ("second", &two)]),
    );
    assert!(
        within(|| gate.handle.status().status == "degraded"),
        "it would be shared"
    );
    assert_eq!(status(), 200);
    put("two", "gtak_two");
    assert!(within(|| status() == 401));
}
