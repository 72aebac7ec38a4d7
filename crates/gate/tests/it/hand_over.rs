//! Requests that another proxy sends: it is told all it needs, and what it cannot do is refused.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use signalbox_gate::{
    Code, End, Facts, Forward, Gate, HandOver, IncomingRequest, Observer, Part, Peer, Refusal,
    Respond, ResponseReach, Step,
};

use crate::fixture::{Engine, gate_of, head};

const POLICY: &str = r#"
policy: test
routes:
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
  GET /v1/models: {verdict: native}
  GET /v1/files/{id}: {verdict: gt_extension, action: forward, because: "Test."}
models:
  gpt-4o: {published: support-agent}
  same: {published: same}
"#;

/// Remembers how the exchange ended.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Option<End>>>);

impl Observer for Ended {
    fn finished(&mut self, facts: &Facts) {
        *self.0.lock().unwrap() = Some(facts.end().clone());
    }
}

fn forward(gate: &Arc<Gate>, head: Parts, body: &str, ended: &Ended) -> Forward<Ended> {
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let mut request = IncomingRequest::new(head, client, Some(body.len() as u64));
    request.whole = Some(Bytes::copy_from_slice(body.as_bytes()));
    match gate.begin(request, ended.clone()) {
        Step::Forward(forward) => forward,
        step => panic!("{step:?}"),
    }
}

fn chat(gate: &Arc<Gate>, model: &str, ended: &Ended) -> Forward<Ended> {
    let json = [
        ("content-type", "application/json"),
        ("x-request-id", "mine"),
    ];
    let head = head("POST", "/v1/chat/completions", &json);
    forward(gate, head, &format!(r#"{{"model": "{model}"}}"#), ended)
}

fn code(respond: &Respond<Ended>) -> String {
    let body: serde_json::Value = serde_json::from_slice(respond.response().body()).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_proxy_that_restamps_is_told_the_name() {
    let gate = gate_of(POLICY, &Arc::default(), Engine::Known, |_, _| {});
    let ended = Ended::default();
    let forward = chat(&gate, "gpt-4o", &ended);
    let HandOver {
        head,
        body,
        response,
        sent,
    } = forward.hand_over(ResponseReach::Restamps).unwrap();
    assert_eq!(head.headers["authorization"], "Bearer gtak_inference");
    let parts: Vec<&[u8]> = body.parts.iter().map(Part::in_memory).collect();
    assert_eq!(parts.concat(), br#"{"model": "support-agent"}"#);
    assert_eq!(response.stamp.as_deref(), Some(&b"\"gpt-4o\""[..]));
    assert!(response.headers.contains_key("x-signalbox-decision"));
    assert_eq!(response.request_id.unwrap(), "mine");
    assert!(!response.headers.contains_key("x-request-id"));
    let completion = sent.handed_over();
    assert_eq!(*ended.0.lock().unwrap(), None);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(completion);
    assert_eq!(*ended.0.lock().unwrap(), Some(End::HandedOver));
    assert_eq!(gate.capacity().requests.inside(), 0);
}

#[test]
fn a_proxy_that_passes_responses_on_gets_names_that_are_gts_own() {
    let gate = gate_of(POLICY, &Arc::default(), Engine::Known, |_, _| {});
    let ended = Ended::default();
    let refused = chat(&gate, "gpt-4o", &ended).hand_over(ResponseReach::Passes);
    let refused = refused.unwrap_err();
    assert_eq!(refused.response().status(), 501);
    assert_eq!(code(&refused), "proxy_cannot_rewrite");
    drop(refused);
    let end = End::Refused("proxy_cannot_rewrite".to_owned());
    assert_eq!(*ended.0.lock().unwrap(), Some(end));
    let passed = chat(&gate, "same", &ended).hand_over(ResponseReach::Passes);
    assert_eq!(
        passed.unwrap().head.uri.path(),
        "/api/tenant/v1/chat/completions"
    );
}

#[test]
fn no_proxy_asks_gt_twice() {
    let gate = gate_of(POLICY, &Arc::default(), Engine::Known, |_, _| {});
    for reach in [ResponseReach::Restamps, ResponseReach::Passes] {
        let ask = |key: &str| {
            let key = format!("Bearer token-{key}");
            let head = head("GET", "/v1/files/file_1", &[("authorization", &*key)]);
            forward(&gate, head, "", &Ended::default()).hand_over(reach)
        };
        assert_eq!(code(&ask("all").unwrap_err()), "proxy_cannot_rewrite");
        assert_eq!(
            ask("upload").unwrap().head.uri.path(),
            "/api/tenant/v1/files/file_1"
        );
    }
}

#[test]
fn a_door_that_cannot_show_an_answer_refuses_in_its_place() {
    let gate = gate_of(POLICY, &Arc::default(), Engine::Known, |_, _| {});
    let head = head("GET", "/v1/models", &[]);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let ended = Ended::default();
    let request = IncomingRequest::new(head, client, Some(0));
    let Step::Respond(respond) = gate.begin(request, ended.clone()) else {
        panic!("a list");
    };
    assert_eq!(respond.response().status(), 200);
    let id = respond.response().headers()["x-signalbox-decision"].clone();
    let refused = respond.refused(Refusal::of(Code::ProxyCannotRewrite));
    assert_eq!(refused.response().status(), 501);
    assert_eq!(code(&refused), "proxy_cannot_rewrite");
    assert_eq!(refused.response().headers()["x-signalbox-decision"], id);
    drop(refused);
    let end = End::Refused("proxy_cannot_rewrite".to_owned());
    assert_eq!(*ended.0.lock().unwrap(), Some(end));
}
