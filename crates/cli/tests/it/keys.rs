//! keys new, list and revoke.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::signalbox::run;

#[test]
fn a_key_is_made_listed_and_revoked() {
    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    let new = |id| {
        run(&[
            "keys",
            "new",
            "--id",
            id,
            "--preset",
            "chat-client",
            "--model",
            "gpt-*",
        ])
    };
    let (first, second) = (new("first"), new("second"));
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(
        !first.stdout.contains("gtak_"),
        "the token is no data: {}",
        first.stdout
    );
    let token = |stderr: &str| {
        let at = stderr.find("gtak_").unwrap();
        stderr[at..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(token(&first.stderr).len(), "gtak_".len() + 64);
    assert_ne!(token(&first.stderr), token(&second.stderr));
    let text = format!("# ours\nkeys:\n{}{}", first.stdout, second.stdout);
    fs::write(&keyring, &text).unwrap();
    let keyring = keyring.to_str().unwrap();

    let revoked = run(&["keys", "revoke", "--keys", keyring, "second"]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
    let listed = run(&["keys", "list", "--keys", keyring, "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let standings: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["standing"])
        .collect();
    assert_eq!(standings, ["valid", "revoked"]);
    assert_eq!(listed[0]["models"], serde_json::json!(["gpt-*"]));
    let after = fs::read_to_string(keyring).unwrap();
    assert_eq!(
        after.replace("    revoked: true\n", ""),
        text,
        "nothing else changed"
    );

    assert_eq!(
        run(&["keys", "revoke", "--keys", keyring, "third"]).code,
        Some(1)
    );
}

#[test]
fn a_key_the_host_would_not_load_is_not_made() {
    let new = |arguments: &[&str]| run(&[&["keys", "new", "--id", "k"], arguments].concat());
    for arguments in [
        &["--model", "all"][..],
        &["--preset", "chat-client"],
        &["--scope", "inference:chat", "--model", "all"],
        &[
            "--preset",
            "chat-client",
            "--model",
            "all",
            "--expires",
            "tomorrow",
        ],
        &["--preset", "chat-client", "--model", ""],
    ] {
        let ran = new(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
}
