//! Tower's contract: what is called was polled ready, and nothing is called that need not be.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::header::EXPECT;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::Pieces;
use crate::fixture::head;
use crate::gt::Gt;
use crate::stage::{answer, ask, block_on, chat, code, json, layer, play, ready, request, usual};

/// What [`Gt`] was asked: how often it was polled ready, and called.
fn asked(gt: &Gt) -> (usize, usize) {
    let told = gt.told.lock().unwrap();
    (told.polls, told.calls)
}

#[test]
fn what_was_polled_ready_is_called_each_time() {
    let gt = Gt::answering([json("{}"), json("{}")]);
    let mut policy = layer(&usual()).layer(gt.clone());
    block_on(async {
        for number in 1..=2 {
            let response = ask(&mut policy, chat("chat", r#"{"model":"gpt-4o"}"#)).await;
            assert_eq!(response.status(), 200);
            assert_eq!(asked(&gt), (number, number));
        }
    });
}

#[test]
fn a_request_that_waits_keeps_the_service_it_was_given() {
    let gt = Gt::answering([json("{}"), json("{}")]);
    let mut policy = layer(&usual()).layer(gt.clone());
    block_on(async {
        ready(&mut policy).await;
        let first = policy.call(chat("chat", r#"{"model":"gpt-4o"}"#));
        ready(&mut policy).await;
        let second = policy.call(chat("chat", r#"{"model":"gpt-4o"}"#));
        assert_eq!(second.await.unwrap().status(), 200);
        assert_eq!(first.await.unwrap().status(), 200);
    });
    assert_eq!(asked(&gt), (2, 2));
}

#[test]
fn a_second_question_to_gt_waits_until_the_service_is_ready_again() {
    let missing = || {
        let mut missing = json(r#"{"error":{"code":"x"}}"#);
        *missing.status_mut() = http::StatusCode::NOT_FOUND;
        missing
    };
    let gt = Gt::answering([missing(), json(r#"{"id":"f"}"#)]);
    let file = head("GET", "/v1/files/f", &[]);
    let (status, _, _) = play(&layer(&usual()), &gt, request(file, Pieces::of(b"")));
    assert_eq!(status, 200);
    assert_eq!(asked(&gt), (2, 2));
    let told = gt.told.lock().unwrap();
    let keys = told.sent.iter().map(|(head, _)| {
        let key = head.headers["authorization"].to_str();
        key.unwrap().to_owned()
    });
    assert_eq!(
        keys.collect::<Vec<_>>(),
        ["Bearer gtak_conversation", "Bearer gtak_upload"]
    );
}

#[test]
fn what_is_refused_or_answered_here_is_not_called() {
    let (gate, gt) = (usual(), Gt::default());
    let models = || request(head("GET", "/v1/models", &[]), Pieces::of(b""));
    let unknown = || request(head("GET", "/v1/nothing", &[]), Pieces::of(b""));
    for (request, expected) in [
        (chat("nobody", r#"{"model":"gpt-4o"}"#), 401),
        (chat("chat", r#"{"model":"nobody"}"#), 404),
        (chat("chat", "{"), 400),
        (unknown(), 404),
        (models(), 200),
    ] {
        assert_eq!(play(&layer(&gate), &gt, request).0, expected);
    }
    assert_eq!(asked(&gt).1, 0);
}

#[test]
fn a_service_that_is_not_ready_refuses_only_what_would_have_gone_on() {
    let gate = usual();
    for (key, expected) in [
        ("nobody", "invalid_api_key"),
        ("chat", "upstream_unreachable"),
    ] {
        let gt = Gt::answering([json("{}")]);
        gt.told.lock().unwrap().failures = 1;
        let asking = chat(key, r#"{"model":"gpt-4o"}"#);
        let (_, _, body) = play(&layer(&gate), &gt, asking);
        assert_eq!(code(body.as_deref()), expected);
        assert_eq!(asked(&gt), (1, 0));
    }
}

#[test]
fn a_service_that_fails_is_a_502_that_tells_nothing_of_it() {
    let (status, _, body) = play(
        &layer(&usual()),
        &Gt::default(),
        chat("chat", r#"{"model":"gpt-4o"}"#),
    );
    assert_eq!(
        (status, &*code(body.as_deref())),
        (502, "upstream_unreachable")
    );
    assert!(
        !String::from_utf8(body.unwrap())
            .unwrap()
            .contains("out of order")
    );
}

#[test]
fn without_knowing_where_a_connection_is_from_nothing_goes_on() {
    let gt = Gt::answering([json("{}")]);
    let layer = layer(&usual()).with_peer(|_| None);
    let (status, _, body) = play(&layer, &gt, chat("chat", r#"{"model":"gpt-4o"}"#));
    assert_eq!((status, &*code(body.as_deref())), (503, "policy_failed"));
    assert_eq!(asked(&gt).1, 0);
}

#[test]
fn a_client_that_waits_to_go_on_is_not_told_to_before_its_head_has_passed() {
    let (gate, gt) = (usual(), Gt::answering([json("{}")]));
    for (key, expected, is_read) in [("nobody", 401, false), ("chat", 200, true)] {
        let mut request = chat(key, r#"{"model":"gpt-4o"}"#);
        request
            .headers_mut()
            .insert(EXPECT, "100-continue".parse().unwrap());
        let polls = Arc::clone(&request.body().polls);
        assert_eq!(play(&layer(&gate), &gt, request).0, expected);
        assert_eq!(polls.load(Relaxed) > 0, is_read, "{key}");
    }
}

#[test]
fn a_head_alone_has_the_length_of_what_it_stands_for() {
    let (gate, gt) = (usual(), Gt::default());
    let of = |method| {
        let head = head(method, "/v1/models", &[]);
        play(&layer(&gate), &gt, request(head, Pieces::of(b"")))
    };
    let (whole, alone) = (of("GET"), of("HEAD"));
    assert_eq!((whole.0, alone.0), (200, 200));
    let length = whole.2.unwrap().len().to_string();
    assert_eq!(alone.1["content-length"], *length);
    assert_eq!(alone.2.unwrap(), b"");
}

#[test]
fn trailers_pass_in_neither_direction() {
    use crate::body::{Piece, data};
    let trailers = || {
        Piece::Trailers(
            [("x-trailer", "1")]
                .map(|(n, v)| {
                    (
                        http::HeaderName::from_static(n),
                        http::HeaderValue::from_static(v),
                    )
                })
                .into_iter()
                .collect(),
        )
    };
    let gt = Gt::answering([answer(
        "text/plain",
        Pieces::new([data("a"), trailers(), data("b")]),
    )]);
    let body = Pieces::new([data(r#"{"model":"gpt-4o"}"#), trailers()]);
    let headers = [("content-type", "application/json")];
    let asking = request(head("POST", crate::stage::CHAT, &headers), body);
    let (status, _, body) = play(&layer(&usual()), &gt, asking);
    assert_eq!((status, body), (200, Some(b"ab".to_vec())));
    let told = gt.told.lock().unwrap();
    let sent = told.sent[0].1.as_deref().unwrap();
    assert_eq!(sent, br#"{"model":"support-agent"}"#);
}
