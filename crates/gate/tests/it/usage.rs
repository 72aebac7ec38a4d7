//! The tokens an observer hears of when an exchange has ended.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use signalbox_gate::{
    Code, Facts, IncomingRequest, Observer, Peer, Responded, Step, TokenUsage, Usage,
};

use crate::door::{Asked, Upstream, play_told};
use crate::fixture::{Engine, gate, head};

/// What stands in the facts at the end: the usage, whether it is missed, and GT's name of the model.
type Seen = (Option<TokenUsage>, bool, Option<String>);

#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Option<Seen>>>);

impl Observer for Ended {
    fn finished(&mut self, facts: &Facts) {
        let published = facts.published().map(str::to_owned);
        let seen = (facts.usage().copied(), facts.lacks_usage(), published);
        *self.0.lock().unwrap() = Some(seen);
    }
}

/// What is known at the end of a request with this body, whose answer comes in these pieces.
fn ended(path: &str, body: &str, upstream: Upstream) -> Seen {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let observer = Ended::default();
    let head = head("POST", path, &[("content-type", "application/json")]);
    let asked = Asked::new(head, body.as_bytes());
    let replies = [upstream];
    play_told(
        &gate,
        asked,
        &replies,
        observer.clone(),
        |call| call.ask(),
        || {},
    );
    let seen = observer.0.lock().unwrap().take();
    seen.unwrap()
}

fn stream(events: &[&str], breaks_off: bool) -> Upstream {
    let event = |event: &&str| format!("data: {event}\n\n").into();
    Upstream::Answers {
        status: 200,
        headers: vec![("content-type", "text/event-stream".to_owned())],
        pieces: events.iter().map(event).collect(),
        breaks_off,
    }
}

fn told(prompt: u64, completion: Option<u64>) -> Option<TokenUsage> {
    let usage = Usage {
        prompt: Some(prompt),
        completion,
        ..Usage::default()
    };
    Some(TokenUsage {
        usage,
        is_estimated: false,
    })
}

fn estimated(prompt: u64, completion: u64) -> Option<TokenUsage> {
    told(prompt, Some(completion)).map(|told| TokenUsage {
        is_estimated: true,
        ..told
    })
}

const CHAT: &str = "/v1/chat/completions";
/// 40 bytes: ten tokens by the estimate.
const ASK: &str = r#"{"model":"gpt-4o","messages":[],"n":1  }"#;

#[test]
fn an_answer_is_charged_as_it_says() {
    let answer = r#"{"model":"support-agent","usage":{"prompt_tokens":5,"completion_tokens":6}}"#;
    let seen = ended(CHAT, ASK, Upstream::json(200, answer));
    assert_eq!(
        seen,
        (told(5, Some(6)), false, Some("support-agent".to_owned()))
    );
    let answer = r#"{"data":[],"usage":{"prompt_tokens":5}}"#;
    let ask = r#"{"model":"embedder","input":"x"}"#;
    let seen = ended("/v1/embeddings", ask, Upstream::json(200, answer));
    assert_eq!(seen, (told(5, None), false, Some("gt-embed".to_owned())));
}

#[test]
fn a_stream_is_charged_by_its_last_usage() {
    let events = [
        r#"{"choices":[{"delta":{"content":"hi"}}],"usage":null}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6}}"#,
        "[DONE]",
    ];
    for breaks_off in [false, true] {
        let (usage, is_missed, _) = ended(CHAT, ASK, stream(&events, breaks_off));
        assert_eq!(usage, told(5, Some(6)));
        assert!(!is_missed);
    }
}

const HELLO: &str = r#"{"choices":[{"delta":{"content":"hello "}}]}"#;
const WORLD: &str = r#"{"choices":[{"delta":{"content":"world"}}]}"#;

#[test]
fn an_answer_that_breaks_off_is_charged_what_was_seen() {
    let (usage, is_missed, _) = ended(CHAT, ASK, stream(&[HELLO, WORLD], true));
    assert_eq!((usage, is_missed), (estimated(10, 3), false));
    let broken = Upstream::Answers {
        status: 200,
        headers: vec![("content-type", "application/json".to_owned())],
        pieces: vec![Bytes::from_static(
            b"{\"choices\":[{\"message\":{\"content\":\"hel",
        )],
        breaks_off: true,
    };
    assert_eq!(ended(CHAT, ASK, broken).0, estimated(10, 1));
}

#[test]
fn a_client_that_leaves_is_charged_what_was_seen() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let observer = Ended::default();
    let head = head("POST", CHAT, &[("content-type", "application/json")]);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let mut request = IncomingRequest::new(head, client, Some(ASK.len() as u64));
    request.whole = Some(ASK.into());
    let Step::Forward(forward) = gate.begin(request, observer.clone()) else {
        panic!("it goes to GT");
    };
    let (_, _, sent) = forward.send();
    let response = Response::builder().header("content-type", "text/event-stream");
    let (response, ()) = response.body(()).unwrap().into_parts();
    let Responded::Relay(relay) = sent.responded(response) else {
        panic!("it goes to the client");
    };
    let (_, mut body) = relay.into_parts();
    body.push(format!("data: {HELLO}\n\n").into());
    assert_eq!(*observer.0.lock().unwrap(), None);
    drop(body);
    let seen = observer.0.lock().unwrap().take().unwrap();
    assert_eq!((seen.0, seen.1), (estimated(10, 2), false));
}

#[test]
fn an_answer_that_says_nothing_has_no_usage() {
    let none = ended(
        CHAT,
        ASK,
        Upstream::json(200, r#"{"model":"support-agent"}"#),
    );
    assert_eq!((none.0, none.1), (None, true));
    let none = ended(CHAT, ASK, stream(&[HELLO], false));
    assert_eq!((none.0, none.1), (None, true));
    // A refusal of GT's costs nothing, whole or not.
    for breaks_off in [false, true] {
        let refused = Upstream::Answers {
            status: 429,
            headers: vec![("content-type", "application/json".to_owned())],
            pieces: vec![Bytes::from_static(b"{}")],
            breaks_off,
        };
        let none = ended(CHAT, ASK, refused);
        assert_eq!((none.0, none.1), (None, false));
    }
    let unreachable = ended(CHAT, ASK, Upstream::Fails(Code::UpstreamTimeout));
    assert_eq!((unreachable.0, unreachable.1), (None, false));
}
