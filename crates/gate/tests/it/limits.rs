//! What an exchange holds, and when it gives it back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use signalbox_gate::{AbortReason, Budget, Clock, IncomingRequest, Peer, Responded, Step};
use signalbox_http::refusal::Code;

use crate::door::{Asked, Upstream, play};
use crate::fixture::{Engine, TestClock, gate, head};

const CHAT: &str = "/v1/chat/completions";

fn stream() -> Asked {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer token-stream"),
    ];
    let body = br#"{"model":"gpt-4o","stream":true}"#;
    Asked::new(head("POST", CHAT, &headers), body)
}

#[test]
fn a_stream_counts_until_its_last_byte_is_sent() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let open = stream();
    let client = gate.client_of(
        Peer::plain(([192, 0, 2, 1], 1).into()),
        &open.head.headers,
        open.head.version,
    );
    let mut request = IncomingRequest::new(open.head, client, open.declared);
    request.whole = Some(Bytes::from(open.pieces.concat()));
    let Step::Forward(forward) = gate.begin(request, ()) else {
        panic!("it goes to GT");
    };
    assert_eq!(gate.capacity().requests.inside(), 1);
    let (_, _, sent) = forward.send();
    let refused = play(&gate, stream(), &[]);
    assert_eq!(refused.code(), Code::TooManyStreams.word());
    let (head, ()) = http::Response::builder()
        .header("content-type", "text/event-stream")
        .body(())
        .unwrap()
        .into_parts();
    let Responded::Relay(relay) = sent.responded(head) else {
        panic!("it is the client's");
    };
    let (_, mut body) = relay.into_parts();
    assert_eq!(body.finish(), None);
    assert_eq!(
        play(&gate, stream(), &[]).code(),
        Code::TooManyStreams.word()
    );
    drop(body);
    assert_eq!(gate.capacity().requests.inside(), 0);
    let answer = Upstream::json(200, "{}");
    assert_eq!(play(&gate, stream(), &[answer]).status, 200);
}

#[test]
fn a_step_that_is_dropped_gives_everything_back() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let mut asked = stream();
    asked.declared = Some(1 << 20);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &asked.head.headers, asked.head.version);
    let request = IncomingRequest::new(asked.head, client, asked.declared);
    let step = gate.begin(request, ());
    assert!(matches!(step, Step::ReadBody(_)));
    assert_eq!(gate.capacity().memory.held(), 1 << 20);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(step);
    assert_eq!(gate.capacity().memory.held(), 0);
    assert_eq!(gate.capacity().requests.inside(), 0);
}

#[test]
fn a_body_holds_its_room_until_it_is_sent() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let body = br#"{"model":"gpt-4o"}"#;
    for declared in [None, Some(body.len() as u64)] {
        let mut asked = stream();
        asked.declared = declared;
        let peer = Peer::plain(([192, 0, 2, 1], 1).into());
        let client = gate.client_of(peer, &asked.head.headers, asked.head.version);
        let request = IncomingRequest::new(asked.head, client, asked.declared);
        let Step::ReadBody(read) = gate.begin(request, ()) else {
            panic!("the body is wanted");
        };
        let Step::Forward(forward) = read.piece(Bytes::from_static(body), true) else {
            panic!("it goes to GT");
        };
        let (_, body, sent) = forward.send();
        assert_eq!(gate.capacity().memory.held(), 18, "{declared:?}");
        drop(body);
        assert_eq!(gate.capacity().memory.held(), 0);
        drop(sent);
    }
}

#[test]
fn a_body_for_which_there_is_no_room_goes_nowhere() {
    let gate = gate(&Arc::default(), Engine::Known, |_, capacity| {
        // A key may hold a quarter of it.
        capacity.memory = Budget::new(40);
    });
    for comes_in in [1, 17] {
        let mut asked = stream();
        asked.declared = None;
        let body = br#"{"model":"gpt-4o"}"#;
        asked.pieces = body.chunks(comes_in).map(Bytes::copy_from_slice).collect();
        let told = play(&gate, asked, &[]);
        assert_eq!((told.status, &*told.code()), (503, "overloaded"));
        assert_eq!(told.sent, []);
    }
}

#[test]
fn a_key_that_ends_ends_the_wait_for_gt() {
    let clock = Arc::new(TestClock::default());
    let gate = gate(&clock, Engine::Known, |_, _| {});
    let mut asked = stream();
    let brief = "Bearer token-brief".parse().unwrap();
    asked.head.headers.insert("authorization", brief);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &asked.head.headers, asked.head.version);
    let mut request = IncomingRequest::new(asked.head, client, asked.declared);
    request.whole = Some(Bytes::from(asked.pieces.concat()));
    let Step::Forward(forward) = gate.begin(request, ()) else {
        panic!("it goes to GT");
    };
    let (_, _, sent) = forward.send();
    assert_eq!(sent.cancelled(clock.monotonic()), None);
    clock.pass(Duration::from_secs(3_601));
    assert_eq!(sent.cancelled(clock.monotonic()), Some(AbortReason::Key));
    let told = sent.aborted(AbortReason::Key);
    assert_eq!(told.response().status(), 401);
}
