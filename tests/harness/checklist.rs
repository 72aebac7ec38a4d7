//! GT's validation checklist for LiteLLM, asked of every client, wherever it asks: what each makes of the demo's
//! LiteLLM policy.

use serde_json::{Value, json};

use crate::{
    clients::LitellmProxy,
    http::{Answer, Ask},
};

/// What an OpenAI SDK prints.
#[must_use]
pub fn openai_sdk() -> Value {
    let refused = |raised: &str, status: u16, kind: &str, code: &str, param: Option<&str>| {
        // Sent once: no SDK tries a final refusal again.
        json!({
            "raised": raised, "status": status, "type": kind, "code": code, "param": param, "sent": 1,
        })
    };
    let not_found = |code: &str, param: Option<&str>| {
        refused("NotFoundError", 404, "invalid_request_error", code, param)
    };
    json!({
        "models": ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"],
        "retrieved": "gpt-4o",
        "chat": said(),
        "stream": streamed(),
        "embeddings": {
            "object": "list", "model": "text-embedding-3-small", "vectors": 2,
            "encodings_agree": true,
        },
        "unknown_model": not_found("model_not_found", Some("model")),
        "unknown_model_streamed": not_found("model_not_found", Some("model")),
        "unknown_model_with_a_slash": not_found("model_not_found", Some("model")),
        "speech": not_found("route_not_supported", None),
        "responses": not_found("unknown_route", None),
        "transcriptions": not_found("route_not_supported", None),
        "wrong_key": refused("AuthenticationError", 401, "authentication_error", "invalid_api_key", None),
    })
}

/// What openai-node prints: the same, and of speech with a long body.
#[must_use]
pub fn openai_node() -> Value {
    let mut printed = openai_sdk();
    printed["speech_with_a_long_body"] = printed["speech"].clone();
    printed
}

/// A chat, as a client's script prints it.
#[must_use]
pub fn said() -> Value {
    json!({
        "object": "chat.completion", "model": "gpt-4o", "role": "assistant",
        "text": ANSWER, "finish_reason": "stop", "counts_tokens": true,
    })
}

/// A streamed chat, as a client's script prints it.
#[must_use]
pub fn streamed() -> Value {
    json!({
        "objects": ["chat.completion.chunk"], "models": ["gpt-4o"],
        "text": ANSWER, "finish_reason": "stop", "in_pieces": true,
    })
}

/// Asks LiteLLM's proxy for its list, for chats and embeddings by both bases, and for what is refused.
///
/// # Panics
/// If an answer is not as it must be.
pub fn litellm_proxy(proxy: &LitellmProxy) {
    let listed = ask(proxy, &Ask::get("/v1/models")).json();
    let mut names: Vec<_> = listed["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["id"])
        .collect();
    names.sort_by_key(|name| name.to_string());
    assert_eq!(
        names,
        [
            "chat",
            "chat-v1",
            "embed",
            "embed-v1",
            "no-such-model",
            "speech"
        ]
    );
    for (chat, embed) in [("chat", "embed"), ("chat-v1", "embed-v1")] {
        litellm_proxied(proxy, chat, embed);
    }
    for (target, name) in [
        ("/v1/chat/completions", "no-such-model"),
        ("/v1/audio/speech", "speech"),
    ] {
        let body = json!({"model": name, "messages": [], "input": "hi", "voice": "alloy"});
        let answer = ask(proxy, &Ask::json(target, body.to_string()));
        assert_eq!(answer.status, 404, "{name}: {}", answer.text());
    }
}

/// Chat whole and streamed, and embeddings, through LiteLLM's proxy.
///
/// # Panics
/// If an answer is not as it must be.
pub fn litellm_proxied(proxy: &LitellmProxy, chat: &str, embed: &str) {
    let messages = json!([{"role": "user", "content": "Say hello."}]);
    let body = json!({"model": chat, "messages": messages});
    let answer = ask(proxy, &Ask::json("/v1/chat/completions", body.to_string()));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let reply = answer.json();
    assert_eq!(reply["object"], "chat.completion");
    assert_eq!(
        reply["model"], chat,
        "the downstream name, neither GT's nor the gate's"
    );
    assert_eq!(reply["choices"][0]["message"]["content"], ANSWER);

    let body = json!({"model": chat, "messages": messages, "stream": true});
    let answer = ask(proxy, &Ask::json("/v1/chat/completions", body.to_string()));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let events = events(&answer.text());
    let text: String = events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, ANSWER);
    assert!(
        events.iter().all(|event| event["model"] == chat),
        "{events:?}"
    );

    let body = json!({"model": embed, "input": ["one", "two"]});
    let answer = ask(proxy, &Ask::json("/v1/embeddings", body.to_string()));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let reply = answer.json();
    assert_eq!(reply["model"], embed);
    assert_eq!(reply["data"].as_array().map(Vec::len), Some(2));
}

fn ask(proxy: &LitellmProxy, ask: &Ask) -> Answer {
    ask.clone().key(LitellmProxy::KEY).send(proxy.address())
}

/// The data of a stream's events, but for the last, `[DONE]`, which must be there.
///
/// # Panics
/// If it is not, or an event is no JSON.
#[must_use]
pub fn events(stream: &str) -> Vec<Value> {
    let mut data: Vec<_> = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(data.pop(), Some("[DONE]"));
    data.into_iter().map(json_of).collect()
}

/// A text that is JSON.
///
/// # Panics
/// If it is not.
#[must_use]
pub fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What GT's stand-in says to what the scripts ask.
const ANSWER: &str = "You said: Say hello.";
