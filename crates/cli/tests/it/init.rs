//! `signalbox init`: from an empty folder to a gate that answers.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::signalbox::{Ran, Serving, Stream, ask, command, file, run, run_with};

fn simulator() -> (Serving, SocketAddr) {
    let listen = ["gt-sim", "--listen", "127.0.0.1:0"];
    let simulator = Serving::start(&listen, Stream::Stderr, "keys:");
    let address = simulator.address("GT simulator");
    (simulator, address)
}

const KEY: (&str, &str) = ("SIGNALBOX_GT_INFERENCE", "gtak_sim_inference");

fn init(folder: &Path, gt: &str, more: &[&str]) -> Ran {
    let folder = folder.display().to_string();
    let arguments = ["init", &folder, "--gt", gt, "--listen", "127.0.0.1:0"];
    run_with(&[KEY], &[&arguments, more].concat())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The block of the README that begins with a folder that is empty.
fn pasted() -> String {
    let readme = fs::read_to_string(file("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    let mut blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let block = blocks
        .find(|block| block.contains("signalbox init"))
        .unwrap();
    block.to_owned()
}

#[test]
fn the_first_steps_of_the_readme_lead_to_an_answer() {
    let (_simulator, gt) = simulator();
    let folder = TempDir::new().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_signalbox")).parent().unwrap();
    let ran = Command::new("sh")
        .args(["-euc", &pasted().replace("127.0.0.1:8090", &gt.to_string())])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", binaries.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    assert!(
        said.contains("publishes 2 names to this key: support-agent, gt-small"),
        "{said}"
    );
    let gate = folder.path().join("gate");
    let token = fs::read_to_string(folder.path().join("gate.token")).unwrap();
    let token = token.trim();
    assert!(token.starts_with("gtak_") && token.len() == 69, "{token}");
    assert!(!said.contains(token), "the token is on stdout alone");
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(printed.contains("4 passed"), "{printed}");

    let config = gate.join("signalbox.yaml").display().to_string();
    let host = Serving::start(
        &[
            "serve",
            "--config",
            &config,
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
        ],
        Stream::Stderr,
        "listening",
    );
    let asked = |model: &str| {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer {token}\r\ncontent-type: application/json"
        );
        let body =
            format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hello"}}]}}"#);
        ask(host.address("listening"), &head, &body)
    };
    let (status, answer) = asked("support-agent");
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("You said: hello"), "{answer}");
    let (status, answer) = asked("gpt-4o");
    assert_eq!(status, 404, "{answer}");
    assert!(answer.contains("model_not_found"), "{answer}");
}

#[test]
fn what_is_written_is_private_where_it_has_to_be_and_names_the_key() {
    let (_simulator, gt) = simulator();
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("gt.key");
    fs::write(&key, "gtak_sim_inference\n").unwrap();
    let (gate, base) = (
        folder.path().join("a/b"),
        format!("http://{gt}/api/tenant/v1/"),
    );
    let ran = init(
        &gate,
        &base,
        &[
            "--key-file",
            &key.display().to_string(),
            "--client",
            "chat-embeddings",
            "--id",
            "portal",
            "--json",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["key"], "portal");
    assert_eq!(mode(&gate.join("keys.yaml")), 0o600);
    assert_eq!(mode(&gate.join("admin.token")), 0o600);
    let config = fs::read_to_string(gate.join("signalbox.yaml")).unwrap();
    let place = fs::canonicalize(&key).unwrap();
    assert!(
        config.contains(&format!("{{file: \"{}\"}}", place.display())),
        "{config}"
    );
    let all = fs::read_dir(&gate)
        .unwrap()
        .map(|file| file.unwrap().path());
    for path in all {
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains("gtak_"), "{text}");
    }
    let policy = gate.join("policy.yaml").display().to_string();
    let tested = run(&["test", &policy, "--format", "json"]);
    let report: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!(
        (&report[0]["passed"], &report[0]["failed"]),
        (&7.into(), &0.into())
    );
    let config = gate.join("signalbox.yaml").display().to_string();
    let checked = run(&["upgrade-check", "--config", &config]);
    assert_eq!(
        checked.code,
        Some(0),
        "{}{}",
        checked.stdout,
        checked.stderr
    );

    // Where the key is in the environment the configuration says so.
    let by_name = folder.path().join("c");
    let ran = init(&by_name, &base, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let config = fs::read_to_string(by_name.join("signalbox.yaml")).unwrap();
    assert!(config.contains("{env: SIGNALBOX_GT_INFERENCE}"), "{config}");
    assert_eq!(ran.stdout.trim().len(), 69);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let (_simulator, gt) = simulator();
    let base = format!("http://{gt}/api/tenant");
    for name in [
        "signalbox.yaml",
        "keys.yaml",
        "policy.yaml",
        "admin.token",
        "gt-inference.key",
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), "mine").unwrap();
        let ran = init(folder.path(), &base, &[]);
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
        assert_eq!(
            fs::read_to_string(folder.path().join(name)).unwrap(),
            "mine"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("keys.yaml")).unwrap();
    let ran = init(folder.path(), &base, &[]);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(init(&file.join("below"), &base, &[]).code, Some(1));
}

/// A server that answers every request with this.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/api/tenant")
}

#[test]
fn what_is_no_gt_is_told_apart() {
    let (_simulator, gt) = simulator();
    let base = format!("http://{gt}/api/tenant");
    let folder = TempDir::new().unwrap();
    let wrong = folder.path().join("wrong.key");
    fs::write(&wrong, "gtak_nobody").unwrap();
    let wrong = wrong.display().to_string();
    let blank = folder.path().join("blank.key");
    fs::write(&blank, "\n").unwrap();
    let blank = blank.display().to_string();
    let page = answering("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n<p>page");
    let empty = answering("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}");
    let odd = answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\n{\"data\":[{\"id\":\"a\\u0000\"}]}",
    );
    let moved = answering("HTTP/1.1 301 Moved\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
    let mail = answering("220 mail.example ready\r\n");
    for (gt, more, code, sign) in [
        (
            &*base,
            &["--key-file", &wrong][..],
            1,
            "GT does not take this key",
        ),
        (&base, &["--key-file", &blank], 1, "it is blank"),
        (&base, &["--key-file", "/nowhere.key"], 1, "/nowhere.key"),
        (
            &format!("http://{gt}/elsewhere"),
            &[],
            1,
            "is this GT's base?",
        ),
        (
            "http://127.0.0.1:1/api/tenant",
            &[],
            1,
            "GT does not answer",
        ),
        (&page, &[], 1, "does not answer as GT does"),
        (&empty, &[], 1, "publishes no name"),
        (&odd, &[], 1, "no policy can have"),
        (&moved, &[], 1, "answers 301"),
        (&mail, &[], 1, "GT does not answer"),
        ("ftp://tenant.example", &[], 2, "the scheme is"),
        ("http://tenant.example/api/tenant", &[], 2, "--plaintext"),
        (&base, &["--client", "dataset-upload"], 2, "chat-client"),
        (
            &base,
            &["--id", "two words"],
            1,
            "the keyring would not load",
        ),
    ] {
        let ran = init(&folder.path().join("gate"), gt, more);
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(code), ""),
            "{gt} {more:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(sign), "{gt} {more:?}: {}", ran.stderr);
        assert!(!folder.path().join("gate").exists(), "{gt} {more:?}");
    }
}

#[test]
fn a_name_that_no_policy_can_have_is_left_out_and_told() {
    let mixed = answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 54\r\n\r\n{\"data\":[{\"id\":\"a\\u0000\"},{\"id\":\"b*\"},{\"id\":\"agent\"}]}",
    );
    let folder = TempDir::new().unwrap();
    let ran = init(&folder.path().join("gate"), &mixed, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for name in ["a\\u{0}", "b*"] {
        let note = format!("note: no policy can have the name `{name}`: it is left out");
        assert!(ran.stderr.contains(&note), "{}", ran.stderr);
    }
    let policy = fs::read_to_string(folder.path().join("gate/policy.yaml")).unwrap();
    assert!(
        policy.contains("models:") && policy.contains("\"agent\": {}"),
        "{policy}"
    );
    assert!(!policy.contains("b*"), "{policy}");
}

#[test]
fn where_nobody_can_be_asked_what_is_missing_is_named() {
    let folder = TempDir::new().unwrap();
    let at = folder.path().join("gate").display().to_string();
    let mut without_key = command(&["init", &at, "--gt", "http://127.0.0.1:1"]);
    without_key.env_remove(KEY.0);
    let output = without_key.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("--key-file or SIGNALBOX_GT_INFERENCE is needed"),
        "{said}"
    );
    let ran = run_with(&[KEY], &["init", &at]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--gt is needed"), "{}", ran.stderr);
}
