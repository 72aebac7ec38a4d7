//! One key's policy, models and limits never apply to another, and no plugin widens any.

use serde_json::json;
use signalbox_harness::{
    gate::{Gate, Setup},
    http::{Ask, exchange_all},
    policies::{component, runbook},
};
use signalbox_http::refusal::Code;

use super::{chat, is_refusal};
use crate::guests::Guest;

/// Two keys with nothing in common but the gate.
fn two_keys() -> Gate {
    let other = runbook("litellm")
        .replace("gt-small", "support-agent")
        .replace("gpt-4o-mini", "mini");
    let other: String = other
        .split("\ncases:")
        .next()
        .expect("a document before its cases")
        .to_owned();
    Setup::new()
        .policy("a", &component(&runbook("litellm")))
        .policy("b", &component(&other))
        .key(
            "a",
            "gtak_a",
            "policy: a, preset: chat-client, models: [gpt-4o-mini]",
        )
        .key(
            "b",
            "gtak_b",
            "policy: b, preset: chat-embeddings, models: [\"mini*\", text-embedding-3-small]",
        )
        .start()
}

#[test]
fn a_key_has_its_own_policy_models_and_scopes() {
    let gate = two_keys();
    let ask = |key: &str, target: &str, model: &str| {
        let body =
            json!({"model": model, "input": "hi", "messages": [{"role": "user", "content": "hi"}]});
        gate.ask(&Ask::json(target, body.to_string()).key(key))
            .refusal()
    };
    let (chat, embed) = ("/v1/chat/completions", "/v1/embeddings");
    let fine = || (200, String::new());
    let refused = |code: Code| (code.status(), code.word().to_owned());
    assert_eq!(ask("gtak_a", chat, "gpt-4o-mini"), fine());
    assert_eq!(ask("gtak_b", chat, "mini"), fine());
    assert_eq!(ask("gtak_b", embed, "text-embedding-3-small"), fine());
    // What is on the other key, or in the other policy, is not there.
    assert_eq!(ask("gtak_a", chat, "mini"), refused(Code::ModelNotFound));
    assert_eq!(
        ask("gtak_b", chat, "gpt-4o-mini"),
        refused(Code::ModelNotFound)
    );
    assert_eq!(ask("gtak_b", chat, "gpt-4o"), refused(Code::ModelNotFound));
    assert_eq!(ask("gtak_a", chat, "gpt-4o"), refused(Code::ModelNotFound));
    assert_eq!(
        ask("gtak_a", embed, "text-embedding-3-small"),
        refused(Code::InsufficientScope)
    );
    let models = |key: &str| -> Vec<String> {
        let list = gate.ask(&Ask::get("/v1/models").key(key)).json();
        let names = list["data"].as_array().expect("a list").iter();
        names
            .filter_map(|model| model["id"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(models("gtak_a"), ["gpt-4o-mini"]);
    assert_eq!(models("gtak_b"), ["mini", "text-embedding-3-small"]);
}

#[test]
fn two_keys_on_one_connection_stay_apart() {
    let gate = two_keys();
    let request = |key: &str, model: &str, last: &str| {
        let body =
            json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}).to_string();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{last}\r\n{body}",
            body.len()
        )
    };
    // One after the other on the same connection, without waiting in between.
    let requests = [
        request("gtak_a", "gpt-4o-mini", ""),
        request("gtak_b", "gpt-4o-mini", ""),
        request("gtak_b", "mini", ""),
        request("gtak_a", "mini", ""),
        request("gtak_none", "mini", ""),
        request("gtak_a", "gpt-4o-mini", "connection: close\r\n"),
    ];
    let answers = exchange_all(gate.address(), requests.concat().as_bytes());
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 404, 200, 404, 401, 200]);
    let seen: Vec<_> = gate
        .gt()
        .requests()
        .iter()
        .map(|request| request.key.clone())
        .collect();
    assert_eq!(seen, vec![Some("inference".to_owned()); 3]);
}

#[test]
fn a_plugin_that_forwards_everything_widens_no_key() {
    // It forwards whoever asks, and whatever they name, to the agent.
    let gate = Setup::new()
        .policy("forwards", &Guest::default().component())
        .key(
            "one-who-may",
            "gtak_fine",
            "policy: forwards, preset: chat-client, models: all",
        )
        .key(
            "noscope",
            "gtak_noscope",
            "policy: forwards, purposes: [inference], scopes: [], models: all",
        )
        .key(
            "upload",
            "gtak_upload",
            "policy: forwards, purposes: [upload], scopes: [\"inference:chat\"], models: all",
        )
        .key(
            "nomodel",
            "gtak_nomodel",
            "policy: forwards, preset: chat-client, models: []",
        )
        .key(
            "others",
            "gtak_others",
            "policy: forwards, preset: chat-client, models: [gpt-4o-mini]",
        )
        .key(
            "unpublished",
            "gtak_unpublished",
            "policy: forwards, preset: chat-client, models: all, published: [gt-small]",
        )
        .start();
    assert_eq!(gate.ask(&chat().key("gtak_fine")).status, 200);
    gate.gt().clear();
    for key in [
        "gtak_noscope",
        "gtak_upload",
        "gtak_nomodel",
        "gtak_others",
        "gtak_unpublished",
    ] {
        is_refusal(key, &gate.ask(&chat().key(key)), Code::PolicyFailed);
    }
    let conversation = chat()
        .key("gtak_fine")
        .header("x-gt-conversation-id", "conv_1");
    is_refusal(
        "a conversation",
        &gate.ask(&conversation),
        Code::PolicyFailed,
    );
    assert_eq!(gate.gt().requests_seen(), 0);
}
