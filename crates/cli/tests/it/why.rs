//! `signalbox why`.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    demo::demo,
    expected::{assert_printed, path},
    peer::{Peer, answer},
    signalbox::{Ran, ask, run},
};

fn id(number: u32) -> String {
    format!("{number:032x}")
}

fn why(number: u32, more: &[&str]) -> Ran {
    run(&[&["why", &id(number)], more].concat())
}

#[test]
fn what_was_decided_is_said_as_written_down() {
    let [records, log, policy, keys] = [
        "records.jsonl",
        "host.log",
        "diff/old.yaml",
        "diff/keys.yaml",
    ]
    .map(path);
    for (name, number, log, more) in [
        ("forward", 1, &records, &[][..]),
        (
            "refused",
            2,
            &records,
            &["--policy", &policy, "--keys", &keys],
        ),
        ("without_keys", 2, &records, &["--policy", &policy]),
        ("hashed_model", 4, &records, &["--policy", &policy]),
        ("list", 5, &records, &["--policy", &policy]),
        ("by_the_host", 6, &records, &["--policy", &policy]),
        ("without_key", 7, &records, &[]),
        ("failed", 8, &records, &["--policy", &policy]),
        (
            "another_policy",
            3,
            &records,
            &["--policy", &path("diff/new.yaml"), "--keys", &keys],
        ),
        ("line", 1, &log, &[]),
        (
            "line_refused",
            2,
            &log,
            &["--policy", &policy, "--keys", &keys],
        ),
        ("line_without_keys", 2, &log, &["--policy", &policy]),
    ] {
        let ran = why(number, &[&["--log", log], more].concat());
        assert_printed(&format!("why/{name}.txt"), &ran);
    }
    let json = [
        "--log", &records, "--policy", &policy, "--keys", &keys, "--json",
    ];
    assert_printed("why/refused.json", &why(2, &json));
}

#[test]
fn a_ceiling_is_told_where_the_body_is_not_logged() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("host.log").display().to_string();
    let [old, new, keys] = ["diff/old.yaml", "diff/new.yaml", "diff/keys.yaml"].map(path);
    let text = fs::read_to_string(&old).unwrap();
    let text = text.replace(", ceilings: {max_tokens: 8192}", "");
    let without = folder.path().join("without.yaml").display().to_string();
    fs::write(&without, text.replace(", ceilings: {n: 4}", "")).unwrap();
    let otherwise = "it decides otherwise";
    let unasked = "bodies are never logged, so the ceiling cannot be asked about again";
    let tokens = "at most 8192 as `max_tokens` and as `max_completion_tokens`";
    for (code, key, policy, signs, absent) in [
        (
            "above_ceiling",
            "build",
            &old,
            &[unasked, tokens, "at most 4 as `n`"][..],
            otherwise,
        ),
        (
            "unclear_parameter",
            "phone",
            &old,
            &[unasked, tokens],
            "`n`",
        ),
        (
            "above_ceiling",
            "build",
            &new,
            &["at most low as `reasoning_effort`"],
            otherwise,
        ),
        ("above_ceiling", "build", &without, &[otherwise], unasked),
        // It is refused by now for what stands before ceilings.
        ("above_ceiling", "phone", &new, &[otherwise], unasked),
    ] {
        let line = format!(
            r#"{{"target":"signalbox::decision","id":"{}","key":"{key}","policy":"default","generation":3,"method":"POST","path":"/v1/chat/completions","model":"gpt-4o","decision":"refuse","status":400,"code":"{code}"}}"#,
            id(1)
        );
        fs::write(&log, line).unwrap();
        let ran = why(1, &["--log", &log, "--policy", policy, "--keys", &keys]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for sign in signs {
            assert!(ran.stdout.contains(sign), "no `{sign}` in {}", ran.stdout);
        }
        assert!(!ran.stdout.contains(absent), "`{absent}` in {}", ran.stdout);
    }
}

#[test]
fn what_is_not_there_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let (records, log) = (path("records.jsonl"), path("host.log"));
    let binary = write("binary", b"\xff\0\x1b[2J\n\xfe");
    let huge = write("huge", &b"x".repeat(3 << 20));
    let empty = write("empty", b"");
    let broken = write("broken.yaml", b"policy: p\n");
    for (arguments, code, sign) in [
        (
            &[&*id(99), "--log", &records][..],
            1,
            "no decision with this id",
        ),
        (&[&id(8), "--log", &log], 1, "records.log: true"),
        (&[&id(1), "--log", &binary], 1, "is no log of a host"),
        (&[&id(1), "--log", &huge], 1, "is no log of a host"),
        (&[&id(1), "--log", &empty], 1, "is no log of a host"),
        (&[&id(1), "--log", "/nowhere"], 1, "/nowhere"),
        (
            &[&id(1), "--log", &records, "--state", "/nowhere"],
            1,
            "/nowhere",
        ),
        (
            &[&id(7), "--log", &records, "--state", "/nowhere"],
            1,
            "leave out --state",
        ),
        (
            &[&id(1), "--log", &records, "--policy", &broken],
            3,
            "error[",
        ),
        (
            &[
                &id(1),
                "--log",
                &records,
                "--policy",
                &broken,
                "--state",
                "/x",
            ],
            2,
            "--state",
        ),
        (&["1234"], 2, "32 hex digits"),
        (&["x".repeat(32).as_str()], 2, "32 hex digits"),
    ] {
        let ran = run(&[&["why"], arguments].concat());
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
fn a_running_host_is_asked_for_the_last_ones() {
    let demo = demo(&[]);
    let head = "POST /v1/embeddings HTTP/1.1\r\nauthorization: Bearer gtak_demo_chat\r\ncontent-type: application/json";
    let (status, said) = ask(demo.address("host"), head, "{}");
    assert_eq!(status, 403, "{said}");
    let id = said.split("x-signalbox-decision: ").nth(1).unwrap();
    let id = id.lines().next().unwrap().trim();
    let admin = format!("http://{}", demo.address("admin"));
    let ran = run(&["why", id, "--admin", &admin]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for sign in [
        "403 insufficient_scope",
        "`demo-chat`",
        "policy `litellm`",
        "Ask whoever issued it",
    ] {
        assert!(ran.stdout.contains(sign), "no `{sign}` in {}", ran.stdout);
    }
    let unknown = why(1, &["--admin", &admin]);
    assert_eq!(
        (unknown.code, &*unknown.stdout),
        (Some(1), ""),
        "{}",
        unknown.stderr
    );
    assert!(unknown.stderr.contains("--log FILE"), "{}", unknown.stderr);
    let odd = Peer::says(&answer("200 OK", "application/json", "{\"id\":7}"));
    let ran = why(1, &["--admin", &odd.url]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("none that this version reads"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_state_folder_has_the_policy_that_decided() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    let [policy, other] = ["diff/old.yaml", "diff/new.yaml"].map(path);
    let digest = {
        let kept = signalbox_swap::State::open(&state).unwrap();
        let component = |path: &str| {
            let text = fs::read_to_string(path).unwrap();
            let policy = signalbox_policy::read(&text).unwrap();
            signalbox_compiler::compile(&policy, &text).unwrap()
        };
        let digest = kept.keep(&component(&policy)).unwrap();
        let newer = kept.keep(&component(&other)).unwrap();
        let generation = |digest, generation| signalbox_swap::RememberedGeneration {
            digest,
            generation,
            since: jiff::Timestamp::UNIX_EPOCH,
            from_source: true,
        };
        let mut remembered = signalbox_swap::Remembered::default();
        let known = signalbox_swap::RememberedPolicy {
            live: Some(generation(newer, 4)),
            kept: vec![generation(digest, 3)],
            ..Default::default()
        };
        remembered.policies.insert("default".into(), known);
        kept.write(&remembered).unwrap();
        digest.to_string()
    };
    let state = state.display().to_string();
    let (log, keys) = (path("host.log"), path("diff/keys.yaml"));
    let more = ["--log", &log, "--state", &state, "--keys", &keys, "--json"];
    let ran = why(2, &more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["policy"]["digest"], digest);
    assert_eq!(said["check"], "scope");
    // A record names the component, and this one is not there.
    let ran = why(2, &["--log", &path("records.jsonl"), "--state", &state]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("give it with --policy"),
        "{}",
        ran.stderr
    );
}
