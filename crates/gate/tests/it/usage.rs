//! The tokens an observer hears of when an exchange has ended.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
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

/// What is seen at the end, and whether GT was asked for the usage.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Option<Seen>>>, Arc<AtomicBool>);

impl Observer for Ended {
    fn finished(&mut self, facts: &Facts) {
        let published = facts.published().map(str::to_owned);
        let seen = (facts.usage().copied(), facts.lacks_usage(), published);
        *self.0.lock().unwrap() = Some(seen);
        self.1.store(facts.asks_usage(), Relaxed);
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

/// What GT is sent of this request, what the client gets of this stream, and what is known at the end, where the gate
/// asks on chats.
fn asked(path: &str, body: &str, reply: Upstream) -> (String, Option<String>, Seen, bool) {
    let gate = gate(&Arc::default(), Engine::Known, |settings, _| {
        settings.ask_usage = vec![CHAT.to_owned()];
    });
    let observer = Ended::default();
    let head = head("POST", path, &[("content-type", "application/json")]);
    let played = play_told(
        &gate,
        Asked::new(head, body.as_bytes()),
        &[reply],
        observer.clone(),
        |call| call.ask(),
        || {},
    );
    let [(_, Some(sent))] = &played.sent[..] else {
        panic!("one request goes to GT");
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let asks = observer.1.load(Relaxed);
    let seen = observer.0.lock().unwrap().take().unwrap();
    (text(sent), played.body.as_deref().map(text), seen, asks)
}

const STREAM: &str = r#"{"stream":true,"model":"gpt-4o","messages":[]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6}}"#;

fn events(events: &[&str]) -> String {
    let event = |event: &&str| format!("data: {event}\n\n");
    events.iter().map(event).collect()
}

#[test]
fn a_stream_is_asked_for_its_usage_and_the_client_does_not_see_that() {
    let reply = stream(&[HELLO, USAGE, "[DONE]"], false);
    let (sent, got, seen, asks) = asked(CHAT, STREAM, reply);
    let expected = r#"{"stream_options":{"include_usage":true},"stream":true,"model":"support-agent","messages":[]}"#;
    assert_eq!(sent, expected);
    assert_eq!(got, Some(events(&[HELLO, "[DONE]"])));
    assert_eq!((seen.0, asks), (told(5, Some(6)), true));
}

#[test]
fn what_asks_itself_or_is_no_stream_is_left_as_it_is() {
    let own = r#"{"stream":true,"model":"gpt-4o","stream_options":{"include_usage":true}}"#;
    let whole = r#"{"model":"gpt-4o","stream":false}"#;
    for body in [own, whole] {
        let reply = stream(&[HELLO, USAGE, "[DONE]"], false);
        let (sent, got, seen, asks) = asked(CHAT, body, reply);
        assert_eq!(sent, body.replace("gpt-4o", "support-agent"));
        assert_eq!(got, Some(events(&[HELLO, USAGE, "[DONE]"])));
        assert_eq!((seen.0, asks), (told(5, Some(6)), false));
    }
    // The operator names routes.
    let embed = r#"{"stream":true,"model":"embedder"}"#;
    let (sent, _, _, asks) = asked("/v1/embeddings", embed, Upstream::json(200, "{}"));
    assert_eq!((sent, asks), (embed.replace("embedder", "gt-embed"), false));
}

#[test]
fn a_stream_that_was_asked_and_breaks_off_ends_between_events() {
    let mut reply = stream(&[HELLO], true);
    if let Upstream::Answers { pieces, .. } = &mut reply {
        pieces.push(Bytes::from_static(b"data: {\"model\":\"supp"));
    }
    let (_, got, seen, _) = asked(CHAT, STREAM, reply);
    let got = got.unwrap();
    let rest = got.strip_prefix(&events(&[HELLO])).unwrap();
    let error = rest.trim_start().strip_prefix("data: {\"error\":");
    assert!(error.is_some() && !rest.contains("supp"), "{rest}");
    assert_eq!(seen.0, estimated(STREAM.len().div_ceil(4) as u64, 2));
}
