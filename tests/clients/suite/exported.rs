//! What `signalbox export` writes for the SDKs and for curl, used as it was written. The clients of
//! `runbooks` use theirs in their own trials.

use serde_json::{Value, json};
use signalbox_harness::{
    clients::{self, LitellmProxy},
    exported::exported,
    http::Ask,
    policies::runbook_for,
    process::Program,
    trials::{KEY, gate, trial},
};

/// The client of a trial, set up by its exported files and asked by a script for them.
fn used(client: &str, script: &str, name: &str) {
    let trial = trial(client);
    let gate = gate(&runbook_for(trial.runbook));
    let export = exported(trial.export_name(), trial.runbook, "all", &gate);
    let folder = export.path().to_str().expect("a path of ours is text");
    let told = [("EXPORTED", folder), ("API_KEY", KEY), ("CLIENT", name)];
    let expected = json!({"chat": SAID, "vectors": 2});
    assert_eq!(clients::ask_by(script, &told), expected, "{client}");
}

#[test]
fn openais_sdks_are_set_up() {
    used("OpenAI SDK for Python", "exported.py", "openai");
    used("OpenAI SDK for Node", "exported.mjs", "openai");
}

#[test]
fn langchain_is_set_up() {
    used("LangChain for Python", "exported.py", "langchain");
    used("LangChain for JavaScript", "exported.mjs", "langchain");
}

#[test]
fn llamaindex_is_set_up() {
    used("LlamaIndex", "exported.py", "llamaindex");
}

#[test]
fn vercels_ai_sdk_is_set_up() {
    used("Vercel AI SDK", "exported.mjs", "vercel");
}

#[test]
fn litellm_is_set_up_in_code_and_as_a_proxy() {
    used("LiteLLM", "exported.py", "litellm");
    let gate = gate(&runbook_for("litellm"));
    let export = exported("litellm", "litellm", "all", &gate);
    let proxy = LitellmProxy::start_with(
        &export.path().join("config.yaml"),
        &[
            ("SIGNALBOX_KEY", KEY),
            ("LITELLM_MASTER_KEY", LitellmProxy::KEY),
        ],
    );
    let ask = |route: &str, body: &Value| {
        let ask = Ask::json(route, body.to_string()).key(LitellmProxy::KEY);
        ask.send(proxy.address())
    };
    let messages = json!([{"role": "user", "content": "hi"}]);
    let body = json!({"model": "gpt-4o", "messages": messages});
    let chat = ask("/v1/chat/completions", &body);
    assert_eq!(chat.status, 200, "{}", chat.text());
    assert_eq!(
        chat.json()["choices"][0]["message"]["content"],
        "You said: hi"
    );
    let body = json!({"model": "text-embedding-3-small", "input": ["one", "two"]});
    let vectors = ask("/v1/embeddings", &body);
    assert_eq!(
        vectors.json()["data"].as_array().map(Vec::len),
        Some(2),
        "{}",
        vectors.text()
    );
}

#[test]
fn curl_and_a_shell_are_set_up() {
    let gate = gate(&runbook_for("full"));
    let export = exported("openai-sdk-curl", "full", "all", &gate);
    let printed = shell(&export.path().join("ask.sh").display().to_string());
    for sign in [
        "\"id\":\"gpt-4o\"",
        "You said: Hello there",
        "\"embedding\":",
    ] {
        assert!(printed.contains(sign), "{printed}");
    }
    let export = exported("generic-openai-http", "full", "all", &gate);
    let file = export.path().join("gate.env").display().to_string();
    let script = format!(
        ". {file}\nprintf '%s %s %s' \"$OPENAI_BASE_URL\" \"$OPENAI_API_KEY\" \"$OPENAI_MODEL\""
    );
    let expected = format!("http://{}/v1 {KEY} gpt-4o", gate.address());
    assert_eq!(shell_text(&script), expected);
}

fn shell(file: &str) -> String {
    Program::new("sh")
        .arg(file)
        .env("SIGNALBOX_KEY", KEY)
        .output()
}

fn shell_text(script: &str) -> String {
    Program::new("sh")
        .arg("-euc")
        .arg(script)
        .env("SIGNALBOX_KEY", KEY)
        .output()
}

const SAID: &str = "You said: What is \"the weather\" in Köln? 🚂";
