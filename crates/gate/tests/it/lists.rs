//! Lists of models: made once for a generation and a key, within the budget of held memory.

use std::sync::Arc;

use bytes::Bytes;
use signalbox_gate::{Budget, Gate, IncomingRequest, Peer, Step};

use crate::fixture::{Engine, POLICY, gate, head, swap};

fn ask(gate: &Arc<Gate>, uri: &str, key: &str) -> (u16, Bytes) {
    let key = format!("Bearer token-{key}");
    let head = head("GET", uri, &[("authorization", &key)]);
    let peer = Peer::plain(([192, 0, 2, 1], 1).into());
    let client = gate.client_of(peer, &head.headers, head.version);
    let Step::Respond(respond) = gate.begin(IncomingRequest::new(head, client, Some(0)), ()) else {
        panic!("a list needs nothing more");
    };
    let response = respond.response();
    (response.status().as_u16(), response.body().clone())
}

#[test]
fn one_list_is_made_for_a_generation_and_a_key() {
    let gate = gate(&Arc::default(), Engine::Known, |_, _| {});
    let list = |key| ask(&gate, "/v1/models", key).1;
    let first = list("all");
    assert_eq!(first.as_ptr(), list("all").as_ptr());
    assert!(gate.capacity().memory.held() > first.len() as u64);
    let chats = list("chat");
    assert_ne!(chats, first, "it is another key's");
    swap(
        gate.policies(),
        &POLICY.replace("gpt-4o:", "gpt-5:"),
        Engine::Known,
    );
    let next = list("all");
    assert!(String::from_utf8_lossy(&next).contains("gpt-5"));
    assert_eq!(ask(&gate, "/v1/models/gpt-5", "all").0, 200);
    assert_eq!(ask(&gate, "/v1/models/gpt-4o", "all").0, 404);
}

#[test]
fn a_list_that_finds_no_room_is_shown_and_not_kept() {
    let gate = gate(&Arc::default(), Engine::Known, |_, capacity| {
        capacity.memory = Budget::new(64);
    });
    let list = || ask(&gate, "/v1/models", "all");
    let first = list();
    assert_eq!((first.0, first.1.clone()), list());
    assert_ne!(first.1.as_ptr(), list().1.as_ptr());
    assert_eq!(gate.capacity().memory.held(), 0);
}
