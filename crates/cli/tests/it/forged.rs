//! Components that say of themselves what they are not.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::signalbox::run;

const STRICT: &str = "\
policy: p
routes:
  POST /v1/files: {verdict: native, action: refuse, because: nobody uploads}
";
const LAX: &str = "\
policy: p
routes:
  POST /v1/files: {verdict: native, scope: none}
";

/// The tables of one document, with the text of another.
fn compiled(document: &str, carried: &str) -> Vec<u8> {
    let policy = signalbox_policy::read(document).unwrap();
    signalbox_compiler::compile(&policy, carried).unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn explain(policy: &str, more: &[&str]) -> (String, String) {
    let question = ["explain", "--policy", policy, "--scope", "any"];
    let ran = run(&[&question, more, &["POST", "/v1/files"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (ran.stdout, ran.stderr)
}

#[test]
fn the_document_a_component_carries_is_not_believed_unless_it_compiles_to_it() {
    let folder = TempDir::new().unwrap();
    let forged = write(&folder, "forged.wasm", &compiled(LAX, STRICT));
    let (said, note) = explain(&forged, &[]);
    assert_eq!(said, "POST /v1/files\nforward to POST /v1/files\n");
    assert!(note.contains("does not compile to it"), "{note}");
    let (said, _) = explain(&forged, &["--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["asked"], "component");
    assert_eq!(said["decision"]["forward"]["route"], "POST /v1/files");
    assert_eq!(said["steps"], json!([]));

    let honest = compiled(STRICT, STRICT);
    let cases = signalbox_compiler::with_cases(&honest, b"[]").unwrap();
    for honest in [honest, cases] {
        let (said, note) = explain(&write(&folder, "honest.wasm", &honest), &[]);
        assert!(said.contains("refuse    verdict"), "{said}");
        assert_eq!(note, "");
    }
}

#[test]
fn a_component_without_a_document_is_asked_itself() {
    let component = "tests/frozen/0.1/components/chat-only.wasm";
    let (said, note) = explain(&crate::signalbox::file(component), &[]);
    assert!(said.contains("\nrefuse "), "{said}");
    assert!(note.contains("carries no document"), "{note}");
}

#[test]
fn nothing_a_component_says_is_obeyed_by_a_terminal_or_looks_like_a_line_of_ours() {
    let folder = TempDir::new().unwrap();
    let text = "cases:\n  - {name: n, request: POST /v1/files, expect: {refuse: x}}\n";
    let mut cases = signalbox_policy::read_cases(text).unwrap();
    cases[0].name = "a\u{1b}[2Jb\u{9b}2J\npass   forged\u{202e}".into();
    let cases = serde_json::to_vec(&cases).unwrap();
    let component = signalbox_compiler::with_cases(&compiled(LAX, LAX), &cases).unwrap();
    let component = write(&folder, "component.wasm", &component);
    for format in ["text", "json", "junit"] {
        let ran = run(&["test", "--format", format, &component]);
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        let is_obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.stdout.contains(is_obeyed), "{:?}", ran.stdout);
        if format == "text" {
            let lines: Vec<_> = ran.stdout.lines().collect();
            assert_eq!(
                lines[1],
                "fail   a\\u{1b}[2Jb\\u{9b}2J\\u{a}pass   forged\\u{202e}"
            );
        }
    }
    let document = write(
        &folder,
        "a.yaml",
        b"policy: p\nabout: a\x1b[2J\nroutes: {}\n",
    );
    let ran = run(&["check", &document]);
    assert_eq!(ran.code, Some(3));
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn names_that_differ_in_case_alone_are_warned_of() {
    let folder = TempDir::new().unwrap();
    let text =
        "policy: p\nroutes: {}\nmodels:\n  GPT-4o: {published: a}\n  gpt-4o: {published: b}\n";
    let document = write(&folder, "a.yaml", text.as_bytes());
    let ran = run(&["check", &document]);
    assert_eq!(ran.code, Some(0));
    let warned =
        "warning[names_differ_in_case]: the models `GPT-4o` and `gpt-4o` differ in case alone";
    assert!(ran.stderr.contains(warned), "{}", ran.stderr);
}

#[test]
fn a_demo_keeps_what_it_compiled_in_the_users_cache_if_it_can() {
    let folder = TempDir::new().unwrap();
    for (cache, is_kept) in [(folder.path(), true), (Path::new("/dev/null"), false)] {
        let mut demo = crate::signalbox::command(&[
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
        ]);
        demo.env("XDG_CACHE_HOME", cache);
        drop(crate::signalbox::Serving::of(
            demo,
            crate::signalbox::Stream::Stdout,
            "Status and metrics",
        ));
        let kept = fs::read_dir(cache.join("signalbox")).map_or(0, Iterator::count);
        assert_eq!(
            kept == 3,
            is_kept,
            "the key, and a file for each policy: {kept}"
        );
    }
}
