//! Chat in one piece.

use serde_json::{Value, json};

use crate::harness::{Sim, refused, with};

const PATH: &str = "/v1/chat/completions";

fn ask(extra: Value) -> Value {
    let body = json!({"model": "support-agent", "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "what is the weather"},
    ]});
    with(body, extra)
}

fn weather() -> Value {
    json!([{"type": "function", "function": {"name": "other"}}, {"type": "function", "function": {
        "name": "forecast",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }}])
}

#[tokio::test]
async fn the_answer_echoes_the_last_user_message() {
    let mut sim = Sim::start().await;
    let mut answer = sim
        .post(
            "gtak_i",
            PATH,
            ask(json!({"temperature": 0.5, "unknown": {}})),
        )
        .await
        .ok();
    let id = answer["id"].take();
    assert!(id.as_str().unwrap().starts_with("chatcmpl-"));
    assert!(answer["created"].take().as_u64().unwrap() > 1_700_000_000);
    let content = "You said: what is the weather";
    assert_eq!(
        answer,
        json!({
            "id": null, "object": "chat.completion", "created": null, "model": "support-agent",
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": content, "refusal": null},
                "logprobs": null, "finish_reason": "stop",
            }],
            "usage": {"prompt_tokens": 6, "completion_tokens": 6, "total_tokens": 12},
        })
    );
    assert_ne!(
        sim.post("gtak_i", PATH, ask(json!({}))).await.ok()["id"],
        id
    );
}

#[tokio::test]
async fn content_may_be_parts_and_the_echo_is_bounded() {
    let mut sim = Sim::start().await;
    let image = json!({"type": "image_url", "image_url": {"url": "data:,"}});
    for (content, echo) in [
        (
            json!([{"type": "text", "text": "see"}, image, {"type": "text", "text": "this"}]),
            "see this".to_owned(),
        ),
        (json!("ä".repeat(5000)), "ä".repeat(1000)),
    ] {
        let body = ask(json!({"messages": [{"role": "user", "content": content}]}));
        let answer = sim.post("gtak_i", PATH, body).await.ok();
        assert_eq!(
            answer["choices"][0]["message"]["content"],
            format!("You said: {echo}")
        );
    }
}

#[tokio::test]
async fn a_request_with_a_wrong_field_names_it() {
    let mut sim = Sim::start().await;
    for (wrong, field) in [
        (json!({"model": null}), "model"),
        (json!({"model": 1}), "model"),
        (json!({"model": ""}), "model"),
        (json!({"messages": null}), "messages"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": "hello"}), "messages"),
        (json!({"messages": [{"content": "no role"}]}), "messages"),
        (
            json!({"messages": [{"role": "user", "content": 1}]}),
            "messages",
        ),
        (json!({"stream": "yes"}), "stream"),
        (
            json!({"stream": true, "metadata": {"gt_sim_chunks": "many"}}),
            "metadata",
        ),
        (json!({"n": 2}), "n"),
        (json!({"tools": [{"type": "function"}]}), "tools"),
        (json!({"tool_choice": "required"}), "tool_choice"),
        (json!({"tool_choice": "perhaps"}), "tool_choice"),
        (
            json!({"tools": weather(), "tool_choice": {"type": "function", "function": {"name": "x"}}}),
            "tool_choice",
        ),
        (
            json!({"response_format": {"type": "json_schema"}}),
            "response_format",
        ),
        (
            json!({"response_format": {"type": "xml"}}),
            "response_format",
        ),
    ] {
        let answer = sim.post("gtak_i", PATH, ask(wrong.clone())).await;
        assert_eq!(
            answer.refusal(),
            refused(400, "invalid_value", Some(field)),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_tool_is_called_when_it_is_asked_for() {
    let mut sim = Sim::start().await;
    let named = json!({"type": "function", "function": {"name": "forecast"}});
    for (choice, name, arguments) in [
        (named, "forecast", r#"{"city":"what is the weather"}"#),
        (json!("required"), "other", "{}"),
    ] {
        let body = ask(json!({"tools": weather(), "tool_choice": choice}));
        let answer = sim.post("gtak_i", PATH, body).await.ok();
        let choice = &answer["choices"][0];
        let id = &choice["message"]["tool_calls"][0]["id"];
        assert!(id.as_str().unwrap().starts_with("call_"));
        assert_eq!(
            choice["message"],
            json!({
                "role": "assistant", "content": null, "refusal": null,
                "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}],
            })
        );
        assert_eq!(choice["finish_reason"], "tool_calls");
    }
}

#[tokio::test]
async fn with_auto_a_tool_is_called_once_the_user_names_it() {
    let mut sim = Sim::start().await;
    let user = |text: &str| json!({"role": "user", "content": text});
    let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "rain"});
    for (messages, choice, reason) in [
        (json!([user("use forecast")]), Value::Null, "tool_calls"),
        (json!([user("use forecast")]), json!("auto"), "tool_calls"),
        (json!([user("use forecast")]), json!("none"), "stop"),
        (json!([user("hello")]), json!("auto"), "stop"),
        (
            json!([user("use forecast"), {"role": "assistant", "content": null}, result]),
            json!("auto"),
            "stop",
        ),
    ] {
        let body = ask(json!({"messages": messages, "tools": weather(), "tool_choice": choice}));
        let answer = sim.post("gtak_i", PATH, body).await.ok();
        assert_eq!(
            answer["choices"][0]["finish_reason"], reason,
            "{messages} {choice}"
        );
    }
}

#[tokio::test]
async fn an_answer_in_json_is_json() {
    let mut sim = Sim::start().await;
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    for (format, expected) in [
        (
            json!({"type": "json_object"}),
            json!({"you_said": "what is the weather"}),
        ),
        (
            json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}),
            json!({"n": 1}),
        ),
    ] {
        let answer = sim
            .post("gtak_i", PATH, ask(json!({"response_format": format})))
            .await
            .ok();
        let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(content).unwrap(), expected);
    }
}
