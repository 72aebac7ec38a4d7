//! `signalbox replay`.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    expected::{assert_printed, path},
    signalbox::{Ran, file, run},
};

fn replay(log: &str, candidate: &str, more: &[&str]) -> Ran {
    run(&[&["replay", log, candidate], more].concat())
}

#[test]
fn what_would_be_decided_otherwise_is_listed_as_written_down() {
    let [records, log, har] = ["records.jsonl", "host.log", "recorded.har"].map(path);
    let [old, new, keys] = ["diff/old.yaml", "diff/new.yaml", "diff/keys.yaml"].map(path);
    let with_keys = ["--keys", &keys];
    let of_har = ["--keys", &keys, "--key", "phone"];
    for (name, log, candidate, more) in [
        ("records", &records, &new, &[][..]),
        ("records_keys", &records, &new, &with_keys),
        ("records_same", &records, &old, &with_keys),
        (
            "records_of_one",
            &records,
            &new,
            &["--keys", &keys, "--policy", "uploads"],
        ),
        ("log", &log, &new, &with_keys),
        ("log_without_keys", &log, &new, &[]),
        ("har", &har, &new, &of_har),
        ("har_same", &har, &old, &of_har),
        ("har_without_key", &har, &new, &with_keys),
    ] {
        let ran = replay(log, candidate, more);
        assert_printed(&format!("replay/{name}.txt"), &ran);
    }
    let json = replay(&records, &new, &["--keys", &keys, "--json"]);
    assert_printed("replay/records.json", &json);
    let program = file("tests/frozen/0.1/components/chat-only.wasm");
    assert_printed(
        "replay/program.txt",
        &replay(&records, &program, &with_keys),
    );
}

#[test]
fn what_a_policy_decided_itself_is_the_same_again() {
    let (records, old, keys) = (
        path("records.jsonl"),
        path("diff/old.yaml"),
        path("diff/keys.yaml"),
    );
    let folder = TempDir::new().unwrap();
    // Without the one whose policy failed: that one is decided now.
    let text = fs::read_to_string(&records).unwrap();
    let kept = text.lines().filter(|line| !line.contains("\"trap\""));
    let kept: Vec<_> = kept.collect();
    let log = folder.path().join("kept.jsonl").display().to_string();
    fs::write(&log, kept.join("\n")).unwrap();
    let ran = replay(&log, &old, &["--keys", &keys, "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["different"], Value::Array(vec![]));
}

#[test]
fn what_cannot_be_replayed_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let (policy, keys, records) = (
        path("diff/old.yaml"),
        path("diff/keys.yaml"),
        path("records.jsonl"),
    );
    let binary = write("binary.log", b"\xff\0\x1b[2J\n\xfe");
    let huge = write("huge.log", &b"{".repeat(3 << 20));
    let other = write("other.log", b"{\"target\":\"signalbox::host\"}\n");
    let no_entries = write("none.har", b"{\"log\":{\"entries\":[]}}");
    let half = write("half.har", b"{\"log\":{\"entries\":[{\"request\":{}}]}}");
    let no_har = write("binary.har", b"\xff\0");
    let list = write("list.har", b"[]");
    let broken = write("broken.yaml", b"policy: p\n");
    for (arguments, code, sign) in [
        (&[&*binary, &policy][..], 1, "is no log of a host"),
        (&[&huge, &policy], 1, "is no log of a host"),
        (&[&other, &policy], 1, "has no decisions"),
        (&["/nowhere.log", &policy], 1, "/nowhere.log"),
        (&[&no_entries, &policy], 1, "has no entries"),
        (&[&half, &policy], 1, "has no entry with a request"),
        (&[&no_har, &policy], 1, "is no HAR file"),
        (&[&list, &policy], 1, "is no HAR file"),
        (&["/nowhere.har", &policy], 1, "/nowhere.har"),
        (&[&records, &broken], 3, "error["),
        (&[&records, "/nowhere.yaml"], 1, "/nowhere.yaml"),
        (&[&records, &policy, "--keys", &policy], 1, "cannot use"),
        (
            &[&records, &policy, "--keys", &keys, "--key", "nobody"],
            1,
            "has no key `nobody`",
        ),
        (&[&records, &policy, "--key", "phone"], 2, "--keys"),
        (&[&records], 2, "<CANDIDATE>"),
    ] {
        let ran = run(&[&["replay"], arguments].concat());
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(code), ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(sign), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    }
}

#[test]
fn a_token_in_a_har_file_finds_its_key_and_is_not_shown() {
    let folder = TempDir::new().unwrap();
    let token = "gtak_0123456789abcdef";
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let digest = signalbox_gate::Digest::of(token);
    let keys = at(
        "keys.yaml",
        &format!(
            "keys:\n  - id: browser\n    sha256: \"{digest}\"\n    preset: chat-client\n    models: all\n"
        ),
    );
    let har = at(
        "one.har",
        &format!(
            r#"{{"log":{{"entries":[{{"request":{{"method":"POST","url":"https://g.example/v1/chat/completions",
            "headers":[{{"name":"Authorization","value":"Bearer {token}"}}],
            "postData":{{"text":"{{\"model\":\"gpt-5\"}}"}}}},"response":{{"status":404,"content":
            {{"text":"{{\"error\":{{\"code\":\"model_not_found\"}}}}"}}}}}}]}}}}"#
        ),
    );
    let new = path("diff/new.yaml");
    for format in [&[][..], &["--json"]] {
        let ran = replay(&har, &new, &[&["--keys", &keys], format].concat());
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        assert!(ran.stdout.contains("browser"), "{}", ran.stdout);
        assert!(!ran.stdout.contains(token) && !ran.stderr.contains(token));
    }
}
