//! What an exchange holds is given back as soon as nobody wants anything of it any more.

use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Piece, Pieces, data};
use crate::fixture::head;
use crate::gt::{Gt, collect};
use crate::stage::{
    CHAT, answer, ask, block_on, chat, code, json, layer, poll, ready, request, usual,
};

const EVENT: &str = "data: {\"model\":\"support-agent\"}\n\n";

#[test]
fn a_response_body_that_is_dropped_gives_back_its_place() {
    let gate = usual();
    let stream = || {
        answer(
            "text/event-stream",
            Pieces::new([data(EVENT), Piece::Waits]),
        )
    };
    let gt = Gt::answering([stream(), json("{}")]);
    let mut policy = layer(&gate).layer(gt);
    block_on(async {
        let asking = || chat("stream", r#"{"model":"gpt-4o","stream":true}"#);
        let open = ask(&mut policy, asking()).await;
        assert_eq!(open.status(), 200);
        assert_eq!(gate.capacity().requests.inside(), 1);
        let refused = ask(&mut policy, asking()).await.into_body();
        let refused = collect(refused).await;
        assert_eq!(code(refused.as_deref()), "too_many_streams");
        drop(open);
        assert_eq!(gate.capacity().requests.inside(), 0);
        assert_eq!(ask(&mut policy, asking()).await.status(), 200);
    });
}

#[test]
fn a_client_that_goes_away_while_it_sends_gives_back_its_bytes() {
    let gate = usual();
    let mut policy = layer(&gate).layer(Gt::default());
    let body = Pieces::new([data("{"), Piece::Waits]).declared(Some(1 << 20));
    let headers = [("content-type", "application/json")];
    let asking = request(head("POST", CHAT, &headers), body);
    assert!(poll(&mut Box::pin(ready(&mut policy))).is_ready());
    let mut deciding = policy.call(asking);
    assert!(poll(&mut deciding).is_pending());
    assert_eq!(gate.capacity().memory.held(), 1 << 20);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(deciding);
    assert_eq!(gate.capacity().memory.held(), 0);
    assert_eq!(gate.capacity().requests.inside(), 0);
}

#[test]
fn what_was_held_of_a_body_is_given_back_once_it_is_sent() {
    let gate = usual();
    let gt = Gt::answering([answer("application/json", Pieces::new([Piece::Waits]))]);
    let mut policy = layer(&gate).layer(gt);
    block_on(async {
        let body = Pieces::new([data(r#"{"model":"#), data(r#""gpt-4o"}"#)]);
        let headers = [("content-type", "application/json")];
        let open = ask(&mut policy, request(head("POST", CHAT, &headers), body)).await;
        assert_eq!(gate.capacity().memory.held(), 0);
        assert_eq!(gate.capacity().requests.inside(), 1, "the response goes on");
        drop(open);
    });
}

#[test]
fn a_client_that_goes_away_takes_its_request_to_gt_with_it() {
    let (gate, gt) = (usual(), Gt::default());
    gt.told.lock().unwrap().is_silent = true;
    let mut policy = layer(&gate).layer(gt.clone());
    assert!(poll(&mut Box::pin(ready(&mut policy))).is_ready());
    let mut waiting = policy.call(chat("chat", r#"{"model":"gpt-4o"}"#));
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(gt.told.lock().unwrap().calls, 1);
    assert_eq!(gate.capacity().requests.inside(), 1);
    drop(waiting);
    assert_eq!(gate.capacity().requests.inside(), 0);
    // The layer and the test alone still know it: the call to GT is gone.
    assert_eq!(std::sync::Arc::strong_count(&gt.told), 2);
}
