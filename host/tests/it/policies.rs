//! Which policy decides, and what a swap means for requests on their way.

use crate::harness::{Ask, Gate, Gt, POLICY, component, within};

/// The test's policy, without the chat route.
pub(crate) fn stricter() -> Vec<u8> {
    let route =
        r#"POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}"#;
    let refused =
        r#"POST /v1/chat/completions: {verdict: not_supported, because: "Closed today."}"#;
    component(&POLICY.replace(route, refused).replace(", for: [chat]", ""))
}

#[test]
fn a_swap_decides_from_the_next_request_on() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    assert_eq!(
        client
            .send(&Ask::chat("gpt-4o"))
            .header("x-signalbox-policy"),
        Some("default@1")
    );
    assert_eq!(gate.handle.swap("default", &stricter()).unwrap(), 2);
    let answer = client.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (404, "route_not_supported".to_owned()));
    assert_eq!(answer.header("x-signalbox-policy"), Some("default@2"));
    assert_eq!(gt.seen().len(), 1);
}

#[test]
fn a_request_whose_body_came_during_a_swap_is_decided_by_the_new_policy_alone() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o").header("expect", "100-continue");
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(
        client.answer().status,
        100,
        "the old policy has no objection to the head"
    );
    gate.handle.swap("default", &stricter()).unwrap();
    client.write(&ask.bytes()[ask.head().len()..]);
    let answer = client.answer();
    assert_eq!(answer.refusal(), (404, "route_not_supported".to_owned()));
    assert_eq!(answer.header("x-signalbox-policy"), Some("default@2"));
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn what_does_not_load_changes_nothing() {
    let gate = Gate::before(&Gt::chatty());
    assert!(gate.handle.swap("default", b"no component").is_err());
    assert_eq!(
        gate.send(&Ask::chat("gpt-4o")).header("x-signalbox-policy"),
        Some("default@1")
    );
}

#[test]
fn each_key_has_its_own_policy() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .policy("absent", stricter())
        .start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o").key("chat")).status, 200);
    assert_eq!(
        gate.send(&Ask::chat("gpt-4o").key("nowhere")).refusal().1,
        "route_not_supported"
    );
    assert_eq!(gt.seen().len(), 1);
}

#[test]
fn a_stream_outlives_the_policy_that_let_it_through() {
    let gt = Gt::before_body(|_, reader, reply| {
        reply.events();
        reply.chunk("data: {\"model\":\"support-agent\"}\n\n");
        // The body of the request, and then the end of the connection or a further request.
        let mut byte = [0; 39];
        std::io::Read::read_exact(reader, &mut byte).unwrap();
        reply.chunk("data: {\"model\":\"support-agent\"}\n\n");
        reply.last_chunk();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    gate.handle.swap("default", &stricter()).unwrap();
    let mut events = Vec::new();
    while let Some(chunk) = client.chunk() {
        events.extend(chunk);
    }
    let event = "data: {\"model\":\"gpt-4o\"}\n\n";
    assert_eq!(String::from_utf8(events).unwrap(), event.repeat(2));
    assert!(within(|| gate.handle.requests() == 0));
}
