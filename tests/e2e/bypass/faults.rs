//! Refusals that follow from what else goes on: limits that are spent, and GT that fails.

use std::net::{SocketAddr, TcpListener};

use signalbox_gt_sim::Fault;
use signalbox_harness::{
    gate::{DEMO, DEMO_ALL, Setup},
    http::exchange,
};
use signalbox_http::refusal::Code;

use super::{CHAT, SPENT, at, chat, is_refusal, setup, stream};

#[test]
fn a_key_that_spent_its_requests_waits() {
    let gate = setup().start();
    assert_eq!(gate.ask(&chat().key(SPENT)).status, 200);
    let answer = gate.ask(&chat().key(SPENT));
    is_refusal("the second of one a minute", &answer, Code::RateLimited);
    assert_eq!(gate.gt().requests_seen(), 1);
    assert_eq!(
        gate.ask(&chat().key(DEMO)).status,
        200,
        "another key has its own count"
    );
}

#[test]
fn a_key_with_all_its_streams_open_opens_no_other() {
    let gate = Setup::demo()
        .key(
            "one-stream",
            SPENT,
            "policy: litellm, preset: chat-client, models: all, limits: {streams: 1}",
        )
        .start();
    let hold = gate.gt().hold_streams();
    let open = stream().key(SPENT).open(gate.address());
    is_refusal(
        "a second stream",
        &gate.ask(&stream().key(SPENT)),
        Code::TooManyStreams,
    );
    let mut other = stream().key(DEMO).open(gate.address());
    drop(hold);
    other.until("[DONE]");
    drop(open);
    assert_eq!(
        gate.gt().requests_seen(),
        2,
        "the refused one is not among them"
    );
}

#[test]
fn a_full_gate_says_so_and_asks_to_try_again() {
    let gate = Setup::demo().config("limits: {requests: 1}\n").start();
    let hold = gate.gt().hold_streams();
    let mut open = stream().key(DEMO).open(gate.address());
    let answer = gate.ask(&chat().key(DEMO_ALL));
    is_refusal("a second request of one", &answer, Code::Overloaded);
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    drop(hold);
    open.until("[DONE]");
    assert_eq!(gate.gt().requests_seen(), 1);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let gate = Setup::demo().times("body_idle: 200ms").start();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {DEMO}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"model\":"
    );
    let answer = exchange(gate.address(), head.as_bytes());
    is_refusal("a body that stops", &answer, Code::RequestTimeout);
    assert_eq!(gate.gt().requests_seen(), 0);
}

#[test]
fn what_gt_does_wrong_is_said_in_the_gates_own_words() {
    let gate = Setup::demo().times("first_byte: 300ms").start();
    let answer = |headers: &[(&str, &str)], status| Fault::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: br#"{"error":{"message":"gtak_upstream_inference is wrong"}}"#.to_vec(),
    };
    let json = ("content-type", "application/json");
    for (name, fault, code) in [
        (
            "a closed connection",
            Fault::CloseBeforeAnswer,
            Code::UpstreamUnreachable,
        ),
        (
            "no HTTP",
            Fault::Raw(b"ICY 200 OK\r\n\r\n".to_vec()),
            Code::UpstreamProtocol,
        ),
        ("a compressed answer", Fault::Gzip, Code::UpstreamProtocol),
        (
            "a redirect",
            Fault::Redirect("https://elsewhere.example/".to_owned()),
            Code::UpstreamRedirect,
        ),
        (
            "401",
            answer(&[json], 401),
            Code::UpstreamCredentialRejected,
        ),
        (
            "403",
            answer(&[json], 403),
            Code::UpstreamCredentialRejected,
        ),
        ("no answer", Fault::Stall, Code::UpstreamTimeout),
    ] {
        gate.gt().clear();
        gate.gt().fail_next(fault);
        let answer = gate.ask(&chat().key(DEMO));
        is_refusal(name, &answer, code);
        assert_eq!(
            answer.header("x-should-retry"),
            Some("false"),
            "{name}: GT may have acted"
        );
        assert!(
            !answer.text().contains("gtak_"),
            "{name}: {}",
            answer.text()
        );
        assert!(answer.header("location").is_none(), "{name}");
        assert_eq!(
            gate.gt().requests_seen(),
            1,
            "{name}: asked once, whatever went wrong"
        );
    }
    assert_eq!(
        gate.ask(&chat().key(DEMO)).status,
        200,
        "the next request is fine"
    );
}

#[test]
fn gt_that_is_away_can_be_asked_again() {
    let gate = Setup::demo().upstream(nobody()).start();
    let answer = gate.ask(&chat().key(DEMO));
    is_refusal("nobody listens", &answer, Code::UpstreamUnreachable);
    assert_eq!(
        answer.header("x-should-retry"),
        Some("true"),
        "nothing was sent"
    );
}

/// An address at which nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
    listener
        .local_addr()
        .expect("a bound socket has an address")
}

#[test]
fn a_refusal_by_scope_costs_none_of_a_keys_requests() {
    let gate = setup().start();
    let embed = at("/v1/audio/speech").key(SPENT);
    for _ in 0..5 {
        is_refusal("speech", &gate.ask(&embed), Code::RouteNotSupported);
    }
    assert_eq!(gate.ask(&chat().key(SPENT)).status, 200);
}
