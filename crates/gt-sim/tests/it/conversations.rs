//! Conversations: made explicitly, kept between calls, owned by the key that made them.

use serde_json::{Value, json};
use signalbox_gt_sim::Key;

use crate::harness::{Answer, Ask, Sim, refused, tenant};

async fn create(sim: &mut Sim, key: &str) -> String {
    let body = json!({"model": "support-agent", "title": "a talk"});
    let answer = sim.post(key, "/v1/conversations", body).await;
    let id = answer.header("x-gt-conversation-id").to_owned();
    let mut body = answer.ok();
    assert!(body["created_at"].take().is_u64());
    assert_eq!(
        body,
        json!({
            "id": id, "object": "conversation", "model": "support-agent", "title": "a talk", "created_at": null,
        })
    );
    id
}

async fn say(sim: &mut Sim, key: &str, id: &str, text: &str) -> Answer {
    let body = json!({"model": "support-agent", "messages": [{"role": "user", "content": text}]});
    let ask = Ask::new("POST", "/v1/chat/completions")
        .key(key)
        .header("x-gt-conversation-id", id);
    sim.send(ask.json(&body)).await
}

fn content(answer: &Answer) -> String {
    answer.ok()["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn turns_are_kept_from_call_to_call() {
    let mut sim = Sim::start().await;
    let id = create(&mut sim, "gtak_c").await;
    let first = say(&mut sim, "gtak_c", &id, "hello").await;
    assert_eq!(first.header("x-gt-conversation-id"), id);
    assert_eq!(
        content(&first),
        "You said: hello (turn 1 of this conversation, which began with: hello)"
    );
    let second = say(&mut sim, "gtak_c", &id, "again").await;
    assert_eq!(
        content(&second),
        "You said: again (turn 2 of this conversation, which began with: hello)"
    );
}

#[tokio::test]
async fn two_conversations_are_two() {
    let mut sim = Sim::start().await;
    let (one, two) = (
        create(&mut sim, "gtak_c").await,
        create(&mut sim, "gtak_c").await,
    );
    assert_ne!(one, two);
    say(&mut sim, "gtak_c", &one, "hello").await.ok();
    assert!(content(&say(&mut sim, "gtak_c", &two, "other").await).contains("turn 1"));
}

#[tokio::test]
async fn chat_without_the_header_stays_stateless() {
    let mut sim = Sim::start().await;
    let body = json!({"model": "gt-small", "messages": [{"role": "user", "content": "hi"}]});
    for _ in 0..2 {
        let answer = sim
            .post("gtak_c", "/v1/chat/completions", body.clone())
            .await;
        assert!(!answer.headers.contains_key("x-gt-conversation-id"));
        assert_eq!(content(&answer), "You said: hi");
    }
}

#[tokio::test]
async fn a_conversation_that_is_unknown_or_another_keys_is_not_found() {
    let mut sim = Sim::start().await;
    let id = create(&mut sim, "gtak_c").await;
    for (key, id) in [
        ("gtak_c", "conv_unknown"),
        ("gtak_c", ""),
        ("gtak_i", id.as_str()),
    ] {
        let answer = say(&mut sim, key, id, "hello").await;
        assert_eq!(
            answer.refusal(),
            refused(404, "conversation_not_found", None),
            "{key} {id}"
        );
    }
    let twice = Ask::new("POST", "/v1/chat/completions")
        .key("gtak_c")
        .json(&json!({}));
    let twice = twice
        .header("x-gt-conversation-id", &id)
        .header("x-gt-conversation-id", &id);
    assert_eq!(
        sim.send(twice).await.refusal(),
        refused(404, "conversation_not_found", None)
    );
}

#[tokio::test]
async fn a_refused_call_adds_no_turn() {
    let mut sim = Sim::start().await;
    let id = create(&mut sim, "gtak_c").await;
    let ask = Ask::new("POST", "/v1/chat/completions")
        .key("gtak_c")
        .header("x-gt-conversation-id", &id);
    assert_eq!(
        sim.send(ask.json(&json!({"model": "support-agent"})))
            .await
            .status,
        400
    );
    assert!(content(&say(&mut sim, "gtak_c", &id, "hello").await).contains("turn 1"));
}

#[tokio::test]
async fn a_conversation_survives_the_rotation_of_its_key() {
    let mut sim = Sim::start().await;
    let id = create(&mut sim, "gtak_c").await;
    sim.handle.rotate_key("conversation", "gtak_c2").unwrap();
    assert!(content(&say(&mut sim, "gtak_c2", &id, "hello").await).contains("turn 1"));
}

#[tokio::test]
async fn an_inference_key_may_converse_about_a_model_it_may_use() {
    let key = Key::inference("alias-only", "gtak_a").agent_aliases(["support-agent"]);
    let mut sim = Sim::with(tenant().key(key)).await;
    create(&mut sim, "gtak_a").await;
    for (wrong, expected) in [
        (
            json!({"model": "gt-small"}),
            refused(404, "model_not_found", Some("model")),
        ),
        (json!({}), refused(400, "invalid_value", Some("model"))),
        (
            json!({"model": "support-agent", "title": 1}),
            refused(400, "invalid_value", Some("title")),
        ),
    ] {
        let answer = sim.post("gtak_a", "/v1/conversations", wrong).await;
        assert_eq!(answer.refusal(), expected);
        assert!(!answer.headers.contains_key("x-gt-conversation-id"));
    }
    let untitled = sim
        .post(
            "gtak_a",
            "/v1/conversations",
            json!({"model": "support-agent"}),
        )
        .await
        .ok();
    assert_eq!(untitled["title"], Value::Null);
}
