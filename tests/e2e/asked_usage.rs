//! A stream whose usage the gate asks for in its client's place: what GT receives has that one member more, by its length
//! as by its bytes, and the client's stream is the one it asked for.

use signalbox_harness::{
    gate::{DEMO, Gate, Setup, sha256},
    http::{Answer, Ask},
    wait_for,
};

const CHAT: &str = "/api/tenant/v1/chat/completions";
const ASKING: &str = r#""stream_options":{"include_usage":true},"#;
const MESSAGES: &str = r#""messages":[{"role":"user","content":"say three words"}]"#;

fn gate() -> Gate {
    Setup::demo()
        .config("usage: {ask: [POST /v1/chat/completions]}\n")
        .start()
}

/// The same request by its length, and in chunks.
fn asks(body: &str) -> [Ask; 2] {
    let chunk =
        |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let mut chunks: Vec<u8> = body.as_bytes().chunks(7).flat_map(chunk).collect();
    chunks.extend_from_slice(b"0\r\n\r\n");
    let in_chunks = Ask::new("POST", CHAT)
        .key(DEMO)
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .unframed_body(chunks);
    [Ask::json(CHAT, body).key(DEMO), in_chunks]
}

/// The events of a stream without what each run has of its own.
fn events(answer: &Answer) -> Vec<serde_json::Value> {
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let read = |data| serde_json::from_str(data).unwrap_or_else(|_| serde_json::json!(data));
    let mut events: Vec<serde_json::Value> = data.map(read).collect();
    for event in events.iter_mut().filter_map(|it| it.as_object_mut()) {
        for own in ["id", "created", "usage"] {
            event.remove(own);
        }
    }
    events
}

fn assert_received(gate: &Gate, expected: &str) {
    let requests = gate.gt().requests();
    let [request] = requests.as_slice() else {
        panic!("GT was asked {} times", requests.len())
    };
    let received = (request.body_length, request.body_sha256.clone());
    assert_eq!(received, (expected.len() as u64, sha256(expected)));
}

#[test]
fn gt_is_asked_and_the_client_gets_the_stream_it_asked_for() {
    let (gate, silent) = (gate(), Gate::demo());
    for body in [
        format!(r#"{{"model":"gpt-4o","stream":true,{MESSAGES}}}"#),
        format!(r#"{{"stream" : true,{MESSAGES},"model":"gpt-4o"}}"#),
    ] {
        for ask in asks(&body) {
            gate.gt().clear();
            let answer = gate.ask(&ask);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let asked = body.replacen('{', &format!("{{{ASKING}"), 1);
            assert_received(&gate, &asked.replace("gpt-4o", "support-agent"));
            let (got, without) = (events(&answer), events(&silent.ask(&ask)));
            assert_eq!(got, without);
            assert_eq!(got.last(), Some(&serde_json::json!("[DONE]")));
        }
    }
    wait_for("the tokens to be counted as GT says them", || {
        let counted = gate.metric(&["signalbox_tokens_total", "completion", "reported"]);
        (counted > 0.0).then_some(())
    });
}

#[test]
fn a_client_that_says_something_itself_is_left_alone() {
    let gate = gate();
    for (options, has_chunk) in [("true", true), ("false", false)] {
        let body = format!(
            r#"{{"model":"gpt-4o","stream":true,"stream_options":{{"include_usage":{options}}},{MESSAGES}}}"#
        );
        for ask in asks(&body) {
            gate.gt().clear();
            let answer = gate.ask(&ask);
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_received(&gate, &body.replace("gpt-4o", "support-agent"));
            let text = answer.text();
            assert_eq!(text.contains(r#""choices":[]"#), has_chunk, "{text}");
        }
    }
}
