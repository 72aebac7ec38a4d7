//! `signalbox replay`.

use std::fs::{self, File};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    expected::{assert_printed, path},
    signalbox::{Ran, command, file, run},
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

/// A line of a log: what was decided of a body that is not written down.
fn line(decision: &str) -> String {
    format!(
        r#"{{"target":"signalbox::decision","id":"1","key":"build","policy":"default","generation":3,"method":"POST","path":"/v1/chat/completions","model":"gpt-4o",{decision}}}"#
    )
}

/// A whole record of a refusal above a ceiling.
fn record(members: &str) -> String {
    format!(
        r#"{{"id":"1","policy":"default","generation":3,"facts":{{"method":"POST","path":"/v1/chat/completions","content_type":"application/json","headers":[],"caller":{{"id":"build","purposes":["inference"],"scopes":["admin","inference:chat"],"labels":[]}},"model":{{"state":"named","name":"gpt-4o"}},"body_members":[{members}]}},"decision":{{"kind":"refuse","status":400,"code":"above_ceiling","param":null,"reason":"above a ceiling"}},"cause":null}}"#
    )
}

#[test]
fn what_was_refused_for_a_body_that_is_not_logged_is_not_compared() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let [old, new, keys] = ["diff/old.yaml", "diff/new.yaml", "diff/keys.yaml"].map(path);
    let text = fs::read_to_string(&old).unwrap();
    let text = text.replace(", ceilings: {max_tokens: 8192}", "");
    let without = write("without.yaml", &text.replace(", ceilings: {n: 4}", ""));
    let refused = |code: &str| {
        line(&format!(
            r#""decision":"refuse","status":400,"code":"{code}""#
        ))
    };
    let above = refused("above_ceiling");
    let unclear = refused("unclear_parameter");
    let forward = line(r#""decision":"forward","route":"POST /v1/chat/completions""#);
    let number = record(r#"["max_tokens",{"integer":9000}]"#);
    let hashed = record(r#"["reasoning_effort",{"text":"~0123456789abcdef"}]"#);
    let known =
        record(r#"["max_tokens",{"integer":1}],["reasoning_effort",{"text":"~0123456789abcdef"}]"#);
    for (name, lines, candidate, code, (same, different, not_replayed)) in [
        ("log", &[&above, &unclear, &forward][..], &old, 0, (1, 0, 2)),
        ("refused", &[&above, &unclear], &old, 1, (0, 0, 2)),
        // It looks at no body, so it lets every one through.
        ("no ceiling", &[&above], &without, 5, (0, 1, 0)),
        ("number", &[&number], &old, 0, (1, 0, 0)),
        ("number, no ceiling", &[&number], &without, 5, (0, 1, 0)),
        ("hashed", &[&hashed], &new, 1, (0, 0, 1)),
        ("one of two hashed", &[&known], &new, 1, (0, 0, 1)),
    ] {
        let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
        let log = write("some.log", &lines.join("\n"));
        let ran = replay(&log, candidate, &["--keys", &keys, "--json"]);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.stdout, ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(said["same"], same, "{name}: {said}");
        let differences = said["different"].as_array().unwrap();
        assert_eq!(differences.len(), different, "{name}: {said}");
        assert!(differences.iter().all(|it| it["effect"] == "wider"));
        if not_replayed > 0 {
            let untold = &said["not_replayed"][0];
            assert_eq!(untold["count"], not_replayed, "{name}: {said}");
            let reason = untold["reason"].as_str().unwrap();
            assert!(reason.contains("bodies are never logged"), "{reason}");
        }
        let is_nothing = ran.stderr.contains("nothing could be compared");
        assert_eq!(is_nothing, code == 1, "{name}: {}", ran.stderr);
    }
}

#[test]
fn nothing_to_compare_is_no_success() {
    let (records, new) = (path("records.jsonl"), path("diff/new.yaml"));
    let ran = replay(&records, &new, &["--policy", "nobody"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    let sign = "nothing could be compared; no decision is of the policy `nobody`";
    assert!(ran.stderr.contains(sign), "{}", ran.stderr);
    let ran = replay(&path("host.log"), &new, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains("give --keys"), "{}", ran.stderr);
}

#[test]
fn a_har_file_is_known_by_its_content_too() {
    let folder = TempDir::new().unwrap();
    let (har, old, keys) = (
        path("recorded.har"),
        path("diff/old.yaml"),
        path("diff/keys.yaml"),
    );
    let more = ["--keys", &*keys, "--key", "phone"];
    let named = replay(&har, &old, &more);
    assert_eq!(named.code, Some(0), "{}", named.stderr);
    let renamed = folder.path().join("recorded.json");
    fs::copy(&har, &renamed).unwrap();
    let ran = replay(&renamed.display().to_string(), &old, &more);
    assert_eq!((ran.code, ran.stdout), (Some(0), named.stdout.clone()));
    let of_stdin = |from: &str| {
        let arguments = [&["replay", "-", &*old], &more[..]].concat();
        let stdin = File::open(from).unwrap();
        let output = command(&arguments).stdin(stdin).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(of_stdin(&har), named.stdout);
    let lines = of_stdin(&path("records.jsonl"));
    assert!(lines.contains("11 requests"), "{lines}");
    // Of another member first it is not known, and the name helps.
    let other = folder.path().join("other.json");
    fs::write(&other, r#"{"comment":"","log":{"entries":[]}}"#).unwrap();
    let ran = replay(&other.display().to_string(), &old, &more);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("must end in .har"), "{}", ran.stderr);
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

/// A HAR file with one entry.
fn har_of(entry: &Value) -> String {
    json!({"log": {"entries": [entry]}}).to_string()
}

#[test]
fn an_answer_whose_text_cannot_be_read_is_not_compared() {
    let folder = TempDir::new().unwrap();
    let (old, keys) = (path("diff/old.yaml"), path("diff/keys.yaml"));
    let refusal = r#"{"error":{"code":"insufficient_scope"}}"#;
    let list = r#"{"object":"list","data":[{"id":"gpt-4o"}]}"#;
    let encoded = |bytes: &[u8]| json!({"text": STANDARD.encode(bytes), "encoding": "base64"});
    let (refused, listed) = (("POST", "/v1/embeddings", 403), ("GET", "/v1/models", 200));
    for (name, (method, route, status), content, is_compared) in [
        ("plain refusal", refused, json!({"text": refusal}), true),
        ("refusal", refused, encoded(refusal.as_bytes()), true),
        ("no UTF-8", refused, encoded(b"\x1f\x8b\xff"), false),
        (
            "no base64",
            refused,
            json!({"text": "%", "encoding": "base64"}),
            false,
        ),
        (
            "other encoding",
            refused,
            json!({"text": refusal, "encoding": "br"}),
            false,
        ),
        ("no text", refused, json!({}), false),
        ("empty", refused, json!({"text": ""}), false),
        ("list", listed, encoded(list.as_bytes()), true),
        ("no list", listed, json!({"text": "[]"}), false),
        ("list without text", listed, json!({"size": 40}), false),
    ] {
        let har = folder.path().join("one.har");
        let url = format!("https://g.example{route}");
        let body = match method {
            "POST" => json!({"text": r#"{"model":"text-embedding-3-small"}"#}),
            _ => Value::Null,
        };
        let entry = json!({
            "request": {"method": method, "url": url, "postData": body},
            "response": {"status": status, "content": content},
        });
        fs::write(&har, har_of(&entry)).unwrap();
        let more = ["--keys", &*keys, "--key", "phone", "--json"];
        let ran = replay(&har.display().to_string(), &old, &more);
        let code = i32::from(!is_compared);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.stdout, ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(said["same"], u8::from(is_compared), "{name}: {said}");
        if !is_compared {
            let reason = said["not_replayed"][0]["reason"].as_str().unwrap();
            assert!(
                reason.contains("the text of its answer"),
                "{name}: {reason}"
            );
        }
    }
}

#[test]
fn a_token_is_not_shown_wherever_it_stands() {
    let folder = TempDir::new().unwrap();
    let (token, other) = ("gtak_0123456789abcdef", "s3cret-of-another");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (new, keys) = (path("diff/new.yaml"), path("diff/keys.yaml"));
    let entry = |headers: Value, route: &str, model: &str, code: &str| {
        json!({
            "startedDateTime": token,
            "request": {
                "method": "POST",
                "url": format!("https://g.example{route}"),
                "headers": headers,
                "postData": {"text": json!({"model": model}).to_string()},
            },
            "response": {
                "status": 403,
                "content": {"text": json!({"error": {"code": code}}).to_string()},
            },
        })
    };
    let own = json!([{"name": "Authorization", "value": format!("Bearer {token}")}]);
    let foreign = json!([{"name": "Authorization", "value": format!("Bearer {other}")}]);
    let (chat, known) = ("/v1/chat/completions", "caller_not_allowed");
    for (name, entry, request, model, before) in [
        (
            "everywhere",
            entry(own, &format!("/v1/{token}/files"), token, token),
            "POST /v1/gtak_…/files",
            "gtak_…",
            "refuse with another code",
        ),
        (
            "not in a header",
            entry(json!([]), chat, token, known),
            "POST /v1/chat/completions",
            "gtak_…",
            "refuse caller_not_allowed",
        ),
        (
            "of another form",
            entry(foreign, &format!("/v1/{other}"), other, other),
            "POST /v1/…",
            "…",
            "refuse with another code",
        ),
    ] {
        let har = write("one.har", &har_of(&entry));
        for format in [&[][..], &["--json"]] {
            let more = [&["--keys", &*keys, "--key", "phone"][..], format].concat();
            let ran = replay(&har, &new, &more);
            assert_eq!(ran.code, Some(5), "{name}: {}{}", ran.stdout, ran.stderr);
            for shown in [&ran.stdout, &ran.stderr] {
                assert!(!shown.contains(token) && !shown.contains(other), "{shown}");
            }
            if format.is_empty() {
                assert!(ran.stdout.contains(request), "{name}: {}", ran.stdout);
                continue;
            }
            let said: Value = serde_json::from_str(&ran.stdout).unwrap();
            let difference = &said["different"][0];
            assert_eq!(difference["request"], request, "{name}");
            assert_eq!(difference["model"], model, "{name}");
            assert_eq!(difference["before"], before, "{name}");
            assert_eq!(difference["time"], Value::Null, "{name}");
        }
    }
    let broken = json!({"log": {"entries": token}}).to_string();
    let ran = replay(&write("broken.har", &broken), &new, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("see line 1, column"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(token), "{}", ran.stderr);
}
