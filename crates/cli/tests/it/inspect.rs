//! `signalbox inspect`.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    expected::{assert_printed, path},
    signalbox::{Ran, file, run},
};

const PROGRAM: &str = "tests/frozen/0.1/components/chat-only.wasm";
const SIGNED: &str = "tests/frozen/0.1/components/everything.wasm";

fn inspect(file: &str, more: &[&str]) -> Ran {
    run(&[&["inspect", file], more].concat())
}

#[test]
fn what_a_policy_is_is_printed_as_written_down() {
    let document = path("diff/new.yaml");
    let [program, signed] = [PROGRAM, SIGNED].map(file);
    for (name, file) in [
        ("document", &document),
        ("program", &program),
        ("signed", &signed),
    ] {
        // The size of what is compiled here is that of the engine of the day.
        let without_size = |ran: Ran| Ran {
            stdout: lines_but(&ran.stdout, "size"),
            ..ran
        };
        let text = without_size(inspect(file, &[]));
        assert_printed(&format!("inspect/{name}.txt"), &text);
        let json = without_size(inspect(file, &["--json"]));
        assert_printed(&format!("inspect/{name}.json"), &json);
    }
}

fn lines_but(text: &str, word: &str) -> String {
    let is_other = |line: &&str| !line.trim_start().trim_start_matches('"').starts_with(word);
    let lines = text.lines().filter(is_other);
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn openapi_has_what_one_key_may_call() {
    let (policy, keys) = (path("diff/new.yaml"), path("diff/keys.yaml"));
    for key in ["search", "build", "nightly"] {
        let ran = inspect(&policy, &["--openapi", "--keys", &keys, "--key", key]);
        assert_printed(&format!("inspect/openapi_{key}.json"), &ran);
    }
    let any = inspect(&policy, &["--openapi", "--server", "https://gate.example"]);
    assert_printed("inspect/openapi.json", &any);
    let with_base = inspect(
        &policy,
        &["--openapi", "--server", "https://gate.example/v1/"],
    );
    assert_eq!(with_base.stdout, any.stdout);
    let nonsense = inspect(&policy, &["--openapi", "--server", "nonsense"]);
    assert_eq!(nonsense.code, Some(2), "{}", nonsense.stderr);
    let program = inspect(&file(PROGRAM), &["--openapi"]);
    assert_printed("inspect/openapi_program.json", &program);
}

#[test]
fn a_statement_is_checked_with_the_key_that_is_given() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (policy, key, other) = (at("p.wasm"), at("release.pem"), at("other.pem"));
    let document = path("diff/old.yaml");
    assert_eq!(run(&["build", &document, "-o", &policy]).code, Some(0));
    let public = |private: &str| {
        let made = run(&["sign", "--new-key", private]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        let key = made.stdout.split("key: ").nth(1).unwrap();
        let public = format!("{private}.pub");
        fs::write(&public, key.lines().next().unwrap()).unwrap();
        public
    };
    let (public, others) = (public(&key), public(&other));
    let signed = run(&[
        "sign",
        &policy,
        "--key",
        &key,
        "--policy",
        "default",
        "--serial",
        "7",
        "--not-after",
        "2999-01-01T00:00:00Z",
    ]);
    assert_eq!(signed.code, Some(0), "{}", signed.stderr);
    let said = |more: &[&str]| inspect(&policy, more).stdout;
    let unchecked = said(&[]);
    assert!(
        unchecked.contains("says `release`, for `default` until 2999"),
        "{unchecked}"
    );
    assert!(
        unchecked.contains("not checked; --public-key"),
        "{unchecked}"
    );
    let checked = said(&["--public-key", &public]);
    assert!(checked.contains("signed with the given key"), "{checked}");
    let code = |more: &[&str]| inspect(&policy, more).code;
    assert_eq!(code(&["--public-key", &public]), Some(0));
    assert_eq!(code(&["--public-key", &public, "--openapi"]), Some(0));
    assert_eq!(code(&["--public-key", &others]), Some(1));
    assert_eq!(code(&["--public-key", &others, "--json"]), Some(1));
    let unsigned = inspect(&document, &["--public-key", &public]);
    assert_eq!(unsigned.code, Some(1));
    assert!(
        unsigned.stderr.contains("no statement beside"),
        "{}",
        unsigned.stderr
    );
    let missing = inspect(&document, &["--public-key", "/nowhere.pem"]);
    assert_eq!((missing.code, &*missing.stdout), (Some(1), ""));
    let refused = said(&["--public-key", &others]);
    assert!(
        refused.contains("a host that trusts the given key refuses it"),
        "{refused}"
    );
    // What is about another component is said, whoever signed it.
    let new = path("diff/new.yaml");
    assert_eq!(run(&["build", &new, "-o", &policy]).code, Some(0));
    let moved = said(&[]);
    assert!(moved.contains("it is about another component"), "{moved}");
    fs::write(format!("{policy}.statement"), "{").unwrap();
    let broken = inspect(&policy, &["--json"]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    let broken: Value = serde_json::from_str(&broken.stdout).unwrap();
    assert!(broken["statement"]["error"].is_string(), "{broken}");
}

#[test]
fn what_does_not_load_is_shown_as_far_as_it_goes() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    // A component that exports nothing.
    let empty = write("empty.wasm", b"\0asm\x0d\0\x01\0");
    let ran = inspect(&empty, &["--json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&said["loads"], &said["size"]), (&false.into(), &8.into()));
    assert!(ran.stderr.contains("does not load"), "{}", ran.stderr);
    let ran = inspect(&empty, &["--openapi"]);
    assert_eq!((ran.code, &*ran.stdout), (Some(3), ""));
    let keys = path("diff/keys.yaml");
    let policy = path("diff/old.yaml");
    for (arguments, code, sign) in [
        (
            &[&*write("cut.wasm", b"\0asm\x0d\0\x01\0\x07")][..],
            3,
            "is no component",
        ),
        (
            &[&write("binary", b"\xff\0")],
            1,
            "neither WebAssembly nor UTF-8",
        ),
        (&[&write("p.yaml", b"policy: p\n")], 3, "error["),
        (
            &[&policy, "--openapi", "--keys", &keys, "--key", "nobody"],
            1,
            "has no key `nobody`",
        ),
        (&[&policy, "--key", "search"], 2, "--keys"),
        (&[&policy, "--keys", &keys], 2, "--key"),
    ] {
        let ran = run(&[&["inspect"], arguments].concat());
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(code), ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(sign), "{arguments:?}: {}", ran.stderr);
    }
}
