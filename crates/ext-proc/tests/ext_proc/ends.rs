//! How streams end: never with OK before Envoy has ended them, and always in time.

use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::processing_mode::BodySendMode;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_response::Response as Answered;
use envoy_types::pb::envoy::service::ext_proc::v3::{HttpBody, HttpHeaders, ProcessingResponse};
use tonic::Code;

use crate::envoy::{Envoy, Outcome, Sent, play, sent};
use crate::stage::with_service;

const CHAT: &[u8] = br#"{"model":"gpt-4o"}"#;

fn chat() -> Sent {
    let head = [
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        (":authority", "gate.example"),
        ("authorization", "Bearer token-app"),
        ("content-type", "application/json"),
    ];
    sent(&head, CHAT, &[])
}

fn head(of: &Sent, is_last: bool) -> HttpHeaders {
    use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue};
    let headers = of.head.iter().map(|(key, value)| HeaderValue {
        key: key.clone(),
        raw_value: value.clone(),
        ..HeaderValue::default()
    });
    HttpHeaders {
        headers: Some(HeaderMap {
            headers: headers.collect(),
        }),
        end_of_stream: is_last,
        ..HttpHeaders::default()
    }
}

fn status(answer: Option<ProcessingResponse>) -> u32 {
    match answer.and_then(|answer| answer.response) {
        Some(Answered::ImmediateResponse(response)) => {
            response.status.unwrap().code.cast_unsigned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stream_without_a_first_message_ends_with_an_error() {
    let ended = with_service(|at| async move {
        let mut envoy = Envoy::open(at, BodySendMode::None, BodySendMode::Streamed).await;
        envoy.hear().await
    });
    assert_eq!(ended.unwrap_err().code(), Code::DeadlineExceeded);
}

#[test]
fn a_stream_that_begins_with_something_else_ends_with_an_error() {
    let ended = with_service(|at| async move {
        let mut envoy = Envoy::open(at, BodySendMode::None, BodySendMode::Streamed).await;
        envoy.say(Message::RequestBody(HttpBody::default()));
        envoy.hear().await
    });
    assert_eq!(ended.unwrap_err().code(), Code::FailedPrecondition);
}

#[test]
fn a_body_that_stops_is_refused_in_time() {
    let refused = with_service(|at| async move {
        let duplex = BodySendMode::FullDuplexStreamed;
        let mut envoy = Envoy::open(at, duplex, BodySendMode::Streamed).await;
        envoy.say(Message::RequestHeaders(head(&chat(), false)));
        envoy.say(Message::RequestBody(HttpBody {
            body: CHAT[..5].to_vec(),
            ..HttpBody::default()
        }));
        envoy.hear().await.unwrap()
    });
    assert_eq!(status(refused), 408);
}

#[test]
fn a_gt_that_says_nothing_is_a_refusal_in_time_and_the_stream_no_ok() {
    let (refused, ended) = with_service(|at| async move {
        let mut envoy =
            Envoy::open(at, BodySendMode::FullDuplexStreamed, BodySendMode::Streamed).await;
        envoy.say(Message::RequestHeaders(head(&chat(), false)));
        envoy.say(Message::RequestBody(HttpBody {
            body: CHAT.to_vec(),
            end_of_stream: true,
            ..HttpBody::default()
        }));
        loop {
            let answer = envoy.hear().await.unwrap();
            let response = answer.as_ref().and_then(|it| it.response.as_ref());
            if let Some(Answered::ImmediateResponse(_)) = response {
                // Envoy would end the stream now; one that does not is not told OK.
                break (answer, envoy.hear().await);
            }
        }
    });
    assert_eq!(status(refused), 504);
    assert!(ended.is_err(), "{ended:?}");
}

#[test]
fn modes_that_would_hide_a_body_are_refused() {
    let response = sent(&[(":status", "200")], b"", &[]);
    for modes in [
        (BodySendMode::Streamed, BodySendMode::Streamed),
        (BodySendMode::BufferedPartial, BodySendMode::Streamed),
        (BodySendMode::None, BodySendMode::None),
    ] {
        let (chat, response) = (chat(), response.clone());
        let outcome = with_service(|at| async move { play(at, modes, &chat, &response).await });
        let Outcome::Immediate(501, _, body) = outcome else {
            panic!("{modes:?}: {outcome:?}")
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains("proxy_cannot_rewrite"), "{body}");
    }
}

#[test]
fn a_request_whose_body_was_asked_for_and_does_not_come_is_refused() {
    let refused = with_service(|at| async move {
        let mut envoy = Envoy::open(at, BodySendMode::None, BodySendMode::Streamed).await;
        envoy.say(Message::RequestHeaders(head(&chat(), false)));
        let asked = envoy.hear().await.unwrap().unwrap();
        let Some(Answered::RequestHeaders(answer)) = asked.response else {
            panic!("{asked:?}")
        };
        // What goes on in the meantime is harmless.
        let mutation = answer.response.unwrap().header_mutation.unwrap();
        assert!(
            mutation
                .remove_headers
                .contains(&"authorization".to_owned())
        );
        let path = mutation.set_headers.iter().find_map(|set| {
            let header = set.header.as_ref()?;
            (header.key == ":path").then(|| header.raw_value.clone())
        });
        assert_eq!(path.as_deref(), Some(&b"/signalbox-waits-for-the-body"[..]));
        let head = head(&sent(&[(":status", "404")], b"", &[]), true);
        envoy.say(Message::ResponseHeaders(head));
        envoy.hear().await.unwrap()
    });
    assert_eq!(status(refused), 501);
}
