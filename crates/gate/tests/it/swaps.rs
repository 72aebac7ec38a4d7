//! A swap while a request is on its way: nothing is decided by two generations.

use std::sync::Arc;

use bytes::Bytes;
use signalbox_gate::{BodyFailure, IncomingRequest, Peer, Step, gt_routes};

use crate::fixture::{Engine, POLICY, gate, head, swap};

/// A request whose body is cut into two, with a swap to `document` in between.
fn swapped_in_between(document: &str) -> Step<()> {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let headers = [("content-type", "application/json")];
    let head = head("POST", "/v1/chat/completions", &headers);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let Step::ReadBody(read) = gate.begin(IncomingRequest::new(head, client, None), ()) else {
        panic!("the body is wanted");
    };
    let Step::ReadBody(read) = read.piece(Bytes::from_static(br#"{"model":"#), false) else {
        panic!("all of it");
    };
    swap(gate.policies(), document, Engine::Known);
    read.piece(Bytes::from_static(br#""gpt-4o"}"#), true)
}

#[test]
fn the_new_policy_decides_on_what_was_read() {
    let Step::Forward(forward) = swapped_in_between(&POLICY.replace("support-agent", "other"))
    else {
        panic!("it goes to GT");
    };
    let (_, body, _) = forward.send();
    let parts: Vec<&[u8]> = body.parts.iter().map(|part| part.in_memory()).collect();
    assert_eq!(parts.concat(), br#"{"model":"other"}"#);
}

#[test]
fn what_the_new_policy_does_not_forward_is_refused() {
    let without = POLICY.replace("  gpt-4o: {published: support-agent}\n", "");
    let Step::Respond(respond) = swapped_in_between(&without) else {
        panic!("it is refused");
    };
    assert_eq!(respond.response().status(), 404);
}

#[test]
fn an_answer_of_a_policy_that_was_replaced_counts_for_nothing() {
    let gate = gate(&Arc::default(), Engine::Unknown, |_, _| {});
    let head = head("GET", "/v1/models", &[]);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let begun = gate.begin(IncomingRequest::new(head, client, Some(0)), ());
    let Step::AskPolicy(mut ask) = begun else {
        panic!("the policy is asked elsewhere");
    };
    let answer = ask.take_call().unwrap().ask();
    let without = POLICY.replace("  GET /v1/models: {verdict: native}\n", "");
    swap(gate.policies(), &without, Engine::Unknown);
    let Step::AskPolicy(mut again) = ask.answered(answer) else {
        panic!("the new policy is asked");
    };
    let answer = again.take_call().unwrap().ask();
    let Step::Respond(respond) = again.answered(answer) else {
        panic!("it has no such route");
    };
    assert_eq!(respond.response().status(), 404);
}

#[test]
fn a_body_that_failed_is_not_passed_on_by_the_next_policy() {
    let gate = gate(&Arc::default(), Engine::Known, |settings, _| {
        let other = "  POST /v1/other: {purposes: [inference]}\n";
        let table = format!("{}{other}", gt_routes::SHIPPED);
        settings.gt_routes = Arc::new(gt_routes::parse(&table).unwrap());
    });
    let route = "  POST /v1/other: {verdict: gt_extension, action: forward, scope: none, because: \"Test.\"";
    let with = |rest: &str| POLICY.replace("models:\n", &format!("{route}{rest}}}\nmodels:\n"));
    swap(gate.policies(), &with(", model: json"), Engine::Known);
    let headers = [("content-type", "application/json")];
    let head = head("POST", "/v1/other", &headers);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let Step::ReadBody(read) = gate.begin(IncomingRequest::new(head, client, None), ()) else {
        panic!("the body is wanted");
    };
    swap(gate.policies(), &with(""), Engine::Known);
    match read.failed(BodyFailure::Broken) {
        Step::Respond(respond) => assert_eq!(respond.response().status(), 400),
        step => panic!("{step:?}"),
    }
}
