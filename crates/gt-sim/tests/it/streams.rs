//! Chat in many pieces.

use std::time::Duration;

use serde_json::{Value, json};
use signalbox_gt_sim::Pace;

use crate::harness::{Answer, Ask, Sim, tenant, with};

fn ask(extra: Value) -> Ask<'static> {
    let body = json!({
        "model": "gt-small", "stream": true, "messages": [{"role": "user", "content": "one two three"}],
    });
    let body = with(body, extra);
    Ask::new("POST", "/v1/chat/completions")
        .key("gtak_i")
        .json(&body)
}

/// The chunks before `[DONE]`.
fn chunks(answer: &Answer) -> Vec<Value> {
    let mut events = answer.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

#[tokio::test]
async fn a_stream_is_a_role_deltas_a_reason_and_done() {
    let mut sim = Sim::start().await;
    let answer = sim.send(ask(json!({}))).await;
    let chunks = chunks(&answer);
    let deltas: Vec<_> = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"].clone())
        .collect();
    assert_eq!(
        deltas,
        [
            json!({"role": "assistant", "content": ""}),
            json!({"content": "You "}),
            json!({"content": "said: "}),
            json!({"content": "one "}),
            json!({"content": "two "}),
            json!({"content": "three"}),
            json!({}),
        ]
    );
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(
            (&chunk["model"], &chunk["id"]),
            (&json!("gt-small"), &chunks[0]["id"])
        );
        assert!(chunk.get("usage").is_none());
        let reason = if index == 6 {
            json!("stop")
        } else {
            Value::Null
        };
        assert_eq!(chunk["choices"][0]["finish_reason"], reason);
    }
    sim.until(|now| now.streams_finished == 1 && now.streams_open == 0)
        .await;
}

#[tokio::test]
async fn the_details_of_usage_are_those_that_were_asked_for() {
    let mut sim = Sim::start().await;
    let metadata = json!({"gt_sim_cached_tokens": "2", "gt_sim_reasoning_tokens": 30});
    let usage = json!({
        "prompt_tokens": 3, "completion_tokens": 35, "total_tokens": 38,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 30},
    });
    let whole = json!({"stream": false, "metadata": metadata});
    let whole = sim.send(ask(whole)).await.ok();
    assert_eq!(whole["usage"], usage);
    let streamed = json!({"metadata": metadata, "stream_options": {"include_usage": true}});
    let streamed = sim.send(ask(streamed)).await;
    assert_eq!(chunks(&streamed).pop().unwrap()["usage"], usage);
    // A cache has no more than was asked.
    let metadata = json!({"gt_sim_cached_tokens": 9});
    let whole = json!({"stream": false, "metadata": metadata});
    let whole = sim.send(ask(whole)).await.ok();
    assert_eq!(
        whole["usage"]["prompt_tokens_details"],
        json!({"cached_tokens": 3})
    );
}

#[tokio::test]
async fn usage_comes_last_when_it_is_asked_for() {
    let mut sim = Sim::start().await;
    let answer = sim
        .send(ask(json!({"stream_options": {"include_usage": true}})))
        .await;
    let mut chunks = chunks(&answer);
    let last = chunks.pop().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(
        last["usage"],
        json!({"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8})
    );
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
    );
}

#[tokio::test]
async fn the_number_of_chunks_is_the_tenants_or_the_requests() {
    let pace = Pace {
        chunks: Some(2),
        pause: Duration::from_millis(1),
    };
    let mut sim = Sim::with(tenant().pace(pace)).await;
    for (metadata, expected) in [
        (json!(null), 2),
        (json!({"gt_sim_chunks": "40", "gt_sim_pause_ms": "0"}), 40),
        (json!({"gt_sim_chunks": 1}), 1),
        (json!({"gt_sim_chunks": 0}), 1),
    ] {
        let answer = sim.send(ask(json!({"metadata": metadata}))).await;
        let chunks = chunks(&answer);
        assert_eq!(chunks.len(), expected + 2, "{metadata}");
        let content = |chunk: &Value| {
            chunk["choices"][0]["delta"]["content"]
                .as_str()
                .map(str::to_owned)
        };
        let text: String = chunks.iter().filter_map(content).collect();
        assert_eq!(text.trim_end(), "You said: one two three");
    }
}

#[tokio::test]
async fn a_tool_call_streams_its_arguments() {
    let mut sim = Sim::start().await;
    let parameters =
        json!({"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]});
    let tools =
        json!([{"type": "function", "function": {"name": "find", "parameters": parameters}}]);
    let answer = sim
        .send(ask(json!({"tools": tools, "tool_choice": "required"})))
        .await;
    let chunks = chunks(&answer);
    let call = &chunks[0]["choices"][0]["delta"]["tool_calls"][0];
    assert_eq!(call["function"], json!({"name": "find", "arguments": ""}));
    assert!(call["id"].as_str().unwrap().starts_with("call_"));
    let arguments: String = chunks
        .iter()
        .filter_map(|chunk| {
            chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str()
        })
        .collect();
    assert_eq!(arguments, r#"{"q":"one two three"}"#);
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

#[tokio::test]
async fn events_leave_one_by_one() {
    let mut sim = Sim::start().await;
    let hold = sim.handle.hold_streams();
    let mut client = sim.connect().await;
    let mut open = client.send(ask(json!({}))).await.unwrap();
    let first = open.frame().await.unwrap().unwrap();
    assert!(first.ends_with(b"\n\n") && first.starts_with(b"data: "));
    for word in ["You ", "said: ", "one "] {
        hold.release(1);
        let event = open.frame().await.unwrap().unwrap();
        let data: Value = serde_json::from_slice(event.strip_prefix(b"data: ").unwrap()).unwrap();
        assert_eq!(data["choices"][0]["delta"]["content"], word);
    }
    assert_eq!(sim.handle.progress().borrow().streams_open, 1);
    drop(hold);
    assert!(
        open.read()
            .await
            .unwrap()
            .body
            .ends_with(b"data: [DONE]\n\n")
    );
}

#[tokio::test]
async fn without_a_hold_each_event_is_a_chunk_of_its_own() {
    let mut sim = Sim::start().await;
    let mut client = sim.connect().await;
    let mut open = client
        .send(ask(json!({"metadata": {"gt_sim_chunks": "20"}})))
        .await
        .unwrap();
    let mut frames = 0;
    while let Some(frame) = open.frame().await {
        assert_eq!(
            frame
                .unwrap()
                .windows(2)
                .filter(|pair| pair == b"\n\n")
                .count(),
            1
        );
        frames += 1;
    }
    assert_eq!(frames, 23);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_stream() {
    let mut sim = Sim::start().await;
    let _hold = sim.handle.hold_streams();
    let mut client = sim.connect().await;
    let mut open = client.send(ask(json!({}))).await.unwrap();
    open.frame().await.unwrap().unwrap();
    drop((open, client));
    sim.until(|now| now.streams_cancelled == 1 && now.streams_open == 0)
        .await;
}
