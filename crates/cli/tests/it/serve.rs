//! serve: from files, from flags, and what it refuses to start with.

use std::{fs, path::Path};

use serde_json::Value;
use signalbox_gate::keyring::Keyring;
use signalbox_swap::error_chain;
use tempfile::TempDir;

use crate::signalbox::{Serving, Stream, ask, file, run};

fn keyring(folder: &Path, token: &str) -> String {
    let path = folder.join("keys.yaml");
    let made = run(&[
        "keys",
        "new",
        "--id",
        "k",
        "--preset",
        "chat-client",
        "--model",
        "all",
    ]);
    let entry = match token {
        "" => made.stdout,
        digest => made
            .stdout
            .lines()
            .map(|line| match line.trim_start().starts_with("sha256") {
                true => format!("    sha256: \"{digest}\"\n"),
                false => format!("{line}\n"),
            })
            .collect(),
    };
    fs::write(&path, format!("keys:\n{entry}")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn serve(keys: &str) -> Serving {
    let policy = file("plugins/runbooks/litellm.yaml");
    Serving::start(
        &[
            "serve",
            "--upstream",
            "http://127.0.0.1:9/api/tenant",
            "--keys",
            keys,
            "--policy",
            &policy,
            "--listen",
            "127.0.0.1:0",
        ],
        Stream::Stderr,
        "listening",
    )
}

/// SHA-256 of `gtak_demo`, which everyone knows.
const DEMO: &str = "3af3bbec1233a4933ae4f74d7642b6615c08586e311bb61c0e57cbe264241089";

#[test]
fn a_host_starts_from_flags_alone_and_ends_on_sigterm() {
    let folder = TempDir::new().unwrap();
    let serving = serve(&keyring(folder.path(), ""));
    let (status, answer) = ask(serving.address("listening"), "GET /v1/models HTTP/1.1", "");
    assert_eq!(status, 401, "{answer}");
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn documents_are_served_with_given_values_and_read_again_with_them() {
    let folder = TempDir::new().unwrap();
    let keys = keyring(folder.path(), "");
    let policy = folder.path().join("p.yaml");
    let document = |value: &str| {
        format!(
            "policy: p\nvalues: {{{value}: {{}}}}\nroutes:\n  POST /v1/chat/completions: {{verdict: native, scope: \
             \"inference:chat\", model: json}}\nmodels:\n  gpt-4o: {{published: \"${{{value}}}\"}}\n"
        )
    };
    fs::write(&policy, document("agent")).unwrap();
    let arguments = |more: &[&'static str]| {
        let policy = policy.to_str().unwrap().to_owned();
        let base = [
            "serve",
            "--upstream",
            "http://127.0.0.1:9/api/tenant",
            "--keys",
            &keys,
        ];
        let rest = ["--policy", &policy, "--listen", "127.0.0.1:0"];
        let all = base.iter().chain(&rest).chain(more);
        all.map(|argument| (*argument).to_owned())
            .collect::<Vec<_>>()
    };
    let words = arguments(&[]);
    let ran = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("error[missing_value]"),
        "{}",
        ran.stderr
    );
    let words = arguments(&["--set", "agnet=sales-agent"]);
    let ran = run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        ran.stderr.contains("did you mean `agent`?"),
        "{}",
        ran.stderr
    );

    let words = arguments(&["--set", "agent=sales-agent"]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let serving = Serving::start(&words, Stream::Stderr, "listening");
    fs::write(&policy, document("agnet")).unwrap();
    serving.signal("HUP");
    let line = serving.logged("kept the policy there was");
    assert!(line.contains("did you mean `agnet`?"), "{line}");
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn demo_secrets_start_no_host() {
    let folder = TempDir::new().unwrap();
    let keys = keyring(folder.path(), DEMO);
    let policy = file("plugins/runbooks/litellm.yaml");
    let ran = run(&[
        "serve",
        "--upstream",
        "http://127.0.0.1:9/api/tenant",
        "--keys",
        &keys,
        "--policy",
        &policy,
    ]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("demo token"), "{}", ran.stderr);
}

#[test]
fn a_configuration_names_what_is_wrong_with_it() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("signalbox.yaml");
    fs::write(&config, "listen: 127.0.0.1:0\nupsteam: {}\n").unwrap();
    let ran = run(&["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("upsteam"), "{}", ran.stderr);
}

#[test]
fn the_log_says_why_a_keyring_is_not_taken_over() {
    let folder = TempDir::new().unwrap();
    let keys = keyring(folder.path(), "");
    let serving = serve(&keys);
    let broken = "keys: [{id: k}]\n";
    fs::write(&keys, broken).unwrap();
    serving.signal("HUP");
    let line: Value = serde_json::from_str(&serving.logged("kept the keyring")).unwrap();
    let error = Keyring::parse(broken).unwrap_err();
    let why = error_chain(&error);
    assert_ne!(why, error.to_string());
    assert_eq!(line["error"], why);
}
