//! Blank, null and missing entries open nothing: in documents, keyrings and configurations each is
//! an error, or the closed choice.

use std::path::Path;

use signalbox_gate::keyring::Keyring;
use signalbox_harness::{
    gate::{Setup, key_entry},
    http::Ask,
};
use signalbox_host::config::Config;
use signalbox_policy::{Names, read};

const DOCUMENT: &str = "policy: p\n\
    routes:\n\
    \x20 POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n\
    models:\n\
    \x20 gpt-4o: {published: support-agent, for: [chat]}\n";

/// The document with one part of it replaced.
fn document(part: &str, by: &str) -> String {
    assert!(DOCUMENT.contains(part), "{part}");
    DOCUMENT.replace(part, by)
}

#[test]
fn a_document_with_a_blank_is_an_error() {
    read(DOCUMENT).expect("the document itself is valid");
    let blanks = ["null", "~", "", "\"\""];
    for part in [
        "native",
        "\"inference:chat\"",
        "json",
        "support-agent",
        "[chat]",
    ] {
        for blank in blanks {
            let text = document(part, blank);
            assert!(read(&text).is_err(), "{text}");
        }
    }
    for (part, by) in [
        ("verdict: native, ", ""),
        ("scope: \"inference:chat\", ", ""),
        ("[chat]", "[]"),
        ("[chat]", "[null]"),
        ("[chat]", "[\"\"]"),
        ("model: json", "model: json, purpose: []"),
        ("model: json", "model: json, purpose: null"),
        ("model: json", "model: json, action: null"),
        ("model: json", "model: json, because: null"),
        (
            "  gpt-4o: {published: support-agent, for: [chat]}",
            "  gpt-4o: null",
        ),
        (
            "  gpt-4o: {published: support-agent, for: [chat]}",
            "  gpt-4o:",
        ),
        (
            "  gpt-4o: {published: support-agent, for: [chat]}",
            "  \"\": {published: support-agent}",
        ),
        (
            "  gpt-4o: {published: support-agent, for: [chat]}",
            "  null",
        ),
        ("policy: p", "policy: null"),
        ("policy: p", "policy: \"\""),
        ("policy: p\n", ""),
        (
            "  POST /v1/chat/completions: {",
            "  POST /v1/chat/completions: null\n  POST /v1/x: {",
        ),
        ("  POST /v1/chat/completions: {", "  \"\": {"),
        ("  POST /v1/chat/completions: {", "  null: {"),
    ] {
        let text = document(part, by);
        assert!(read(&text).is_err(), "{text}");
    }
    for text in [
        "",
        "null",
        "---\n",
        "policy: p\nroutes: null\n",
        "policy: p\nroutes:\n",
        "policy: p\n",
    ] {
        assert!(read(text).is_err(), "{text:?}");
    }
}

fn keyring(rest: &str) -> String {
    format!("keys:\n{}", key_entry("k", "gtak_k", rest))
}

#[test]
fn a_key_with_a_blank_is_an_error() {
    Keyring::parse(&keyring("preset: chat-client, models: all")).expect("this one is valid");
    for rest in [
        "preset: chat-client",
        "preset: chat-client, models: null",
        "preset: chat-client, models: ~",
        "preset: chat-client, models: \"\"",
        "preset: chat-client, models: [null]",
        "preset: chat-client, models: [\"\"]",
        "preset: null, models: all",
        "preset: \"\", models: all",
        "models: all",
        "scopes: null, purposes: [inference], models: all",
        "scopes: [\"inference:chat\"], purposes: null, models: all",
        "scopes: [\"inference:chat\"], purposes: [], models: all",
        "scopes: [\"inference:chat\"], models: all",
        "scopes: [null], purposes: [inference], models: all",
        "scopes: [\"\"], purposes: [inference], models: all",
        "preset: chat-client, models: all, policy: null",
        "preset: chat-client, models: all, policy: \"\"",
        "preset: chat-client, models: all, published: null",
        "preset: chat-client, models: all, published: [\"\"]",
        "preset: chat-client, models: all, datasets: null",
        "preset: chat-client, models: all, datasets: [\"\"]",
        "preset: chat-client, models: all, expires: null",
        "preset: chat-client, models: all, expires: \"\"",
        "preset: chat-client, models: all, limits: null",
        "preset: chat-client, models: all, limits: {per_minute: null}",
        "preset: chat-client, models: all, limits: {per_minute: 0}",
        "preset: chat-client, models: all, group: null",
        "preset: chat-client, models: all, group: \"\"",
        "preset: chat-client, models: all, revoked: null",
        "preset: chat-client, models: all, credentials: null",
        "preset: chat-client, models: all, credentials: {inference: null}",
    ] {
        let text = keyring(rest);
        assert!(Keyring::parse(&text).is_err(), "{text}");
    }
    for text in [
        "",
        "null",
        "keys:\n",
        "keys: null\n",
        "keys:\n  - null\n",
        "keys:\n  - {}\n",
        "keys:\n  - {id: k, preset: chat-client, models: all}\n",
        "keys:\n  - {id: k, sha256: null, preset: chat-client, models: all}\n",
        "keys:\n  - {id: k, sha256: \"\", preset: chat-client, models: all}\n",
        "keys:\n  - {id: \"\", sha256: \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", preset: chat-client, models: all}\n",
    ] {
        assert!(Keyring::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_key_made_of_no_secret_is_nobodys() {
    // What `printf "$TOKEN" | sha256sum` gives where TOKEN is not set.
    let gate = Setup::demo().key(
        "blank",
        "",
        "policy: litellm, preset: chat-client, models: all",
    );
    let gate = gate.start();
    for value in ["Bearer ", "Bearer", "Bearer  ", "bearer \t", "", " "] {
        let answer = gate.ask(&Ask::get("/v1/models").header("authorization", value));
        assert_eq!(
            answer.refusal(),
            (401, "invalid_api_key".to_owned()),
            "{value:?}"
        );
    }
}

#[test]
fn what_a_key_leaves_out_is_closed() {
    let rest = "scopes: [], purposes: [inference], models: []";
    let keyring = Keyring::parse(&keyring(rest)).expect("a key may be for nothing");
    let key = keyring.lookup("gtak_k").expect("the key");
    assert_eq!(key.caller.scopes, Vec::<String>::new());
    assert_eq!(key.caller.models, Names::NONE);
    assert_eq!(key.caller.datasets, Names::NONE, "not written: no dataset");
    assert_eq!(key.policy, "default");
}

const CONFIG: &str = "listen: 127.0.0.1:0\n\
    admin: {listen: 127.0.0.1:0, operate_token_sha256: \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b800\"}\n\
    upstream: {url: \"http://127.0.0.1:9/api/tenant\", credentials: {inference: {file: gt-inference}}}\n\
    policies: {default: p.yaml}\n\
    keys: keys.yaml\n";

#[test]
fn a_configuration_with_a_blank_is_an_error() {
    let parse = |text: &str| Config::parse(text, Path::new("."));
    parse(CONFIG).expect("the configuration itself is valid");
    let token = "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b800\"";
    let parts = [
        "127.0.0.1:0\n",
        token,
        "\"http://127.0.0.1:9/api/tenant\"",
        "gt-inference",
        "{file: gt-inference}",
        "{inference: {file: gt-inference}}",
        "p.yaml",
        "{default: p.yaml}",
        "keys.yaml",
    ];
    for part in parts {
        for blank in ["null", "~", "\"\"", "{}"] {
            let end = if part.ends_with('\n') { "\n" } else { "" };
            let text = CONFIG.replacen(part, &format!("{blank}{end}"), 1);
            assert_ne!(text, CONFIG, "{part}");
            assert!(parse(&text).is_err(), "{text}");
        }
    }
    for missing in ["upstream:", "policies:", "keys:"] {
        let lines = CONFIG.lines().filter(|line| !line.starts_with(missing));
        let text = lines.collect::<Vec<_>>().join("\n");
        assert!(parse(&text).is_err(), "{text}");
    }
    for text in ["", "null", "{}"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_admin_listener_without_tokens_lets_nobody_act() {
    let text = CONFIG.replace(", operate_token_sha256: \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b800\"", "");
    let config = Config::parse(&text, Path::new(".")).expect("tokens may be left out");
    let admin = config.admin.expect("an admin listener");
    assert!(admin.operate_token.is_none() && admin.view_token.is_none());
}
