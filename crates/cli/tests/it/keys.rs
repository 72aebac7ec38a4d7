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

const ENTRY: &[&str] = &["keys", "new", "--preset", "chat-client", "--model", "all"];

fn new(more: &[&str]) -> crate::signalbox::Ran {
    run(&[ENTRY, more].concat())
}

fn listed(keyring: &str) -> Value {
    let ran = run(&["keys", "list", "--keys", keyring, "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn an_entry_says_all_there_is_to_say() {
    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    fs::write(&keyring, "keys: []\n").unwrap();
    let path = keyring.to_str().unwrap();
    let ran = run(&[
        "keys",
        "new",
        "--id",
        "full",
        "--purpose",
        "inference",
        "--purpose",
        "conversation",
        "--scope",
        "inference:chat",
        "--model",
        "gpt-*",
        "--model",
        "o 1",
        "--published",
        "agent",
        "--dataset",
        "briefs",
        "--policy",
        "other",
        "--per-minute",
        "60",
        "--concurrent",
        "8",
        "--streams",
        "4",
        "--body-mb",
        "16",
        "--expires",
        "2099-01-01T00:00:00Z",
        "--label",
        "team=search, east",
        "--group",
        "g",
        "--credential",
        "conversation=mine",
        "--append",
        path,
        "--json",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let made: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(made["token"].as_str().unwrap().starts_with("gtak_"));
    let text = fs::read_to_string(&keyring).unwrap();
    assert_eq!(text, format!("keys:\n{}", made["entry"].as_str().unwrap()));
    let expected = serde_json::json!([{
        "id": "full", "standing": "valid", "profile": false, "policy": "other",
        "purposes": ["inference", "conversation"], "scopes": ["inference:chat"],
        "models": ["gpt-*", "o 1"], "published": ["agent"], "datasets": ["briefs"],
        "limits": {"per_minute": 60, "concurrent": 8, "streams": 4},
        "expires": "2099-01-01T00:00:00Z", "labels": {"team": "search, east"}, "group": "g",
    }]);
    assert_eq!(listed(path), expected);
}

#[test]
fn an_entry_is_added_behind_the_others_and_nothing_else_changes() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    let path = keyring.to_str().unwrap();
    let first = new(&["--id", "a"]).stdout;
    for before in [
        format!("# ours\nkeys:\n{first}    # the end"),
        format!(
            "keys: # all\n{}\n",
            first.replace("\n  ", "\n").trim_start()
        ),
    ] {
        fs::write(&keyring, &before).unwrap();
        fs::set_permissions(&keyring, fs::Permissions::from_mode(0o640)).unwrap();
        let ran = new(&["--id", "b", "--append", path]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let after = fs::read_to_string(&keyring).unwrap();
        assert!(after.starts_with(&before), "{after}");
        assert_eq!(listed(path).as_array().unwrap().len(), 2);
        let mode = fs::metadata(&keyring).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        let twice = new(&["--id", "b", "--append", path]);
        assert_eq!(
            (twice.code, twice.stdout.as_str()),
            (Some(2), ""),
            "{}",
            twice.stderr
        );
        assert_eq!(fs::read_to_string(&keyring).unwrap(), after);
    }
    for (text, code) in [("{keys: []}", 1), ("keys: x", 3)] {
        fs::write(&keyring, text).unwrap();
        let ran = new(&["--id", "b", "--append", path]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(code), ""),
            "{}",
            ran.stderr
        );
        assert_eq!(fs::read_to_string(&keyring).unwrap(), text);
    }
    let absent = folder.path().join("absent.yaml");
    let ran = new(&["--id", "b", "--append", absent.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let begun = fs::read_to_string(&absent).unwrap();
    assert!(
        begun.starts_with("keys:\n") && begun.contains("id: \"b\""),
        "{begun}"
    );
    let nowhere = folder.path().join("absent/keys.yaml");
    let ran = new(&["--id", "b", "--append", nowhere.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
}

#[test]
fn a_key_is_marked_wherever_and_however_it_is_written() {
    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    let path = keyring.to_str().unwrap();
    let sha = |n: u8| format!("{n:064x}");
    let rest = "preset: chat-client, models: all";
    for text in [
        format!("keys:\n  - {{id: a, sha256: '{}', {rest}}}\n  - {{id: b, sha256: '{}', {rest}}} # b\n", sha(1), sha(2)),
        format!("keys: [{{id: a, sha256: '{}', {rest}}}, {{id: b, sha256: '{}', {rest}}}]", sha(1), sha(2)),
        format!(
            "{{\"keys\": [{{\"id\": \"a\", \"sha256\": \"{}\", \"preset\": \"chat-client\", \"models\": \"all\"}},\n\
             {{\"id\": \"b\", \"sha256\": \"{}\", \"preset\": \"chat-client\", \"models\": [], \"revoked\": false}}]}}",
            sha(1), sha(2)
        ),
        format!(
            "# é\nkeys:\n- labels:\n    id: b\n    é: b\n  # id: b\n  id: a\n  sha256: '{}'\n  preset: chat-client\n  models: all\n\
             - labels:\n    revoked: 'no'\n  sha256: '{}'\n  preset: chat-client\n  models: all\n  id: b\n",
            sha(1), sha(2)
        ).replace("é: b", "e: b"),
        format!("keys:\n  -  id: a\n     sha256: '{}'\n     preset: chat-client\n     models: all\n  -\n    id: b\n    sha256: '{}'\n    preset: chat-client\n    models: all", sha(1), sha(2)),
    ] {
        fs::write(&keyring, &text).unwrap();
        let ran = run(&["keys", "revoke", "--keys", path, "b"]);
        assert_eq!(ran.code, Some(0), "{text}\n{}", ran.stderr);
        let listed = listed(path);
        assert_eq!(
            [&listed[0]["standing"], &listed[1]["standing"]],
            ["valid", "revoked"],
            "{text}"
        );
        let after = fs::read_to_string(&keyring).unwrap();
        assert!(after.len() <= text.len() + 40, "{after}");
        assert_eq!(run(&["keys", "revoke", "--keys", path, "b"]).code, Some(0));
        assert_eq!(fs::read_to_string(&keyring).unwrap(), after, "once is enough");
    }
}

#[test]
fn mistakes_are_told_apart_and_helped_with() {
    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    let path = keyring.to_str().unwrap();
    fs::write(
        &keyring,
        format!("keys:\n{}", new(&["--id", "litellm-prod"]).stdout),
    )
    .unwrap();
    let ran = run(&["keys", "revoke", "--keys", path, "litelm-prod"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("did you mean `litellm-prod`?"),
        "{}",
        ran.stderr
    );
    let ran = run(&["keys", "revoke", "--keys", path, "something-else"]);
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
    let ran = run(&["keys", "list", "--keys", path]);
    let digest = "sha256";
    assert!(
        ran.stdout.contains("litellm-prod") && !ran.stdout.contains(digest),
        "{}",
        ran.stdout
    );
    assert_eq!(
        run(&["keys", "list", "--keys", "/nonexistent"]).code,
        Some(1)
    );
    assert_eq!(run(&["keys", "list"]).code, Some(2));
    assert_eq!(
        run(&["keys", "list", "--keys", path, "--yaml"]).code,
        Some(2)
    );
    for label in [
        "--label=x",
        "--label==x",
        "--credential=upload=x",
        "--streams=0",
        "--streams=x",
    ] {
        assert_eq!(new(&["--id", "k", label]).code, Some(2), "{label}");
    }
    fs::write(&keyring, "keys:\n  - {id: a, models: all}\n").unwrap();
    for command in [&["list"][..], &["revoke", "a"]] {
        let ran = run(&[&["keys"], command, &["--keys", path]].concat());
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("2:5"),
            "the place is told: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_profile_has_no_token() {
    let ran = new(&["--id", "web", "--profile"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("profile: true") && !ran.stdout.contains("sha256"));
    assert!(!ran.stderr.contains("gtak_"), "{}", ran.stderr);
    let shares = [
        "keys",
        "new",
        "--id",
        "up",
        "--profile",
        "--preset",
        "dataset-upload",
        "--model",
        "all",
    ];
    let ran = run(&shares);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("group"), "{}", ran.stderr);
    assert_eq!(
        run(&[&shares[..], &["--group", "g"]].concat()).code,
        Some(0)
    );
}

#[test]
fn of_keys_made_and_revoked_at_the_same_time_none_is_lost() {
    let folder = TempDir::new().unwrap();
    let keyring = folder.path().join("keys.yaml");
    let path = keyring.to_str().unwrap();
    for id in ["old-0", "old-1", "old-2", "old-3"] {
        assert_eq!(new(&["--id", id, "--append", path]).code, Some(0));
    }
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                let ran = new(&["--id", &format!("new-{number}"), "--append", path]);
                assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            });
            scope.spawn(move || {
                let id = format!("old-{number}");
                let ran = run(&["keys", "revoke", "--keys", path, &id]);
                assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            });
        }
    });
    let all = listed(path);
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 8);
    for key in all {
        let is_old = key["id"].as_str().unwrap().starts_with("old");
        let expected = if is_old { "revoked" } else { "valid" };
        assert_eq!(key["standing"], expected, "{key}");
    }
}

/// Only root can give a file away.
#[test]
fn a_keyring_keeps_its_owner_and_the_links_to_it() {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};

    let folder = TempDir::new().unwrap();
    let (keyring, link) = (folder.path().join("real.yaml"), folder.path().join("link"));
    symlink("real.yaml", &link).unwrap();
    fs::write(&keyring, "keys: []\n").unwrap();
    let is_root = fs::metadata(&keyring).unwrap().uid() == 0;
    if is_root {
        chown(&keyring, Some(65_534), Some(65_534)).unwrap();
    }
    let path = link.to_str().unwrap();
    assert_eq!(new(&["--id", "k", "--append", path]).code, Some(0));
    assert_eq!(run(&["keys", "revoke", "--keys", path, "k"]).code, Some(0));
    assert!(link.is_symlink());
    let found = fs::metadata(&keyring).unwrap();
    if is_root {
        assert_eq!((found.uid(), found.gid()), (65_534, 65_534));
    }
    assert_eq!(listed(path)[0]["standing"], "revoked");
}
