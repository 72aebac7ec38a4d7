//! However bodies are cut, and whichever way they come: what goes on, to GT and to the client, is the same,
//! and it is what the gate's own steps make of it.

use bytes::Bytes;
use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::processing_mode::BodySendMode;
use http::{HeaderName, HeaderValue, Request, Response};
use proptest::prelude::*;
use signalbox_gate::{IncomingRequest, Part, Peer, Responded, Step};

use crate::envoy::{Outcome, Sent, play, sent};
use crate::stage::{gate, with_service};

const CHAT: &str = r#"{"messages":[{"content":"a \"model\": é"}],"model":"gpt-4o","n":1.50}"#;
const FORM: &str = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\
    RIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFF\
    RIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFFRIFF\r\n\
    --b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngpt-4o\r\n--b--\r\n";
const JSON: &str = r#"{"id":"x","model":"support-agent","choices":[]}"#;
const EVENTS: &str = "data: {\"model\":\"support-agent\",\"n\":1}\n\n: c\n\ndata: {\"model\":\"support-agent\"}\n\ndata: [DONE]\n\n";

fn ask(path: &str, kind: &str, body: &str, cuts: &[usize]) -> Sent {
    let head = [
        (":method", "POST"),
        (":path", path),
        (":authority", "gate.example"),
        (":scheme", "http"),
        ("authorization", "Bearer token-app"),
        ("content-type", kind),
        ("x-client", "1"),
    ];
    sent(&head, body.as_bytes(), cuts)
}

fn gt(kind: &str, body: &str, cuts: &[usize]) -> Sent {
    let head = [(":status", "200"), ("content-type", kind), ("x-gt", "1")];
    sent(&head, body.as_bytes(), cuts)
}

/// What the gate's own steps make of a request and its response: target and body for GT, body for the
/// client.
fn by_the_gate(request: &Sent, response: &Sent) -> (String, Vec<u8>, Vec<u8>) {
    let gate = gate();
    let (mut head, ()) = Request::post("/").body(()).unwrap().into_parts();
    for (name, value) in &request.head {
        match &**name {
            ":path" => head.uri = str::from_utf8(value).unwrap().parse().unwrap(),
            ":authority" => drop(head.headers.insert("host", header(value))),
            name if name.starts_with(':') => {}
            name => drop(head.headers.append(self::name(name), header(value))),
        }
    }
    let body = request.pieces.concat();
    let client = gate.client_of(
        Peer::plain(([127, 0, 0, 1], 0).into()),
        &head.headers,
        head.version,
    );
    let mut step = gate.begin(
        IncomingRequest::new(head, client, Some(body.len() as u64)),
        (),
    );
    let mut spooled = Vec::new();
    let forward = loop {
        step = match step {
            Step::ReadBody(read) => read.piece(body.clone().into(), true),
            Step::SpoolWrite(write) => {
                spooled.extend_from_slice(write.bytes());
                write.written()
            }
            Step::Forward(forward) => break forward,
            other => panic!("{other:?}"),
        };
    };
    let (head, body, sent) = forward.send();
    let mut for_gt = Vec::new();
    for part in &body.parts {
        match part {
            Part::Bytes(bytes) => for_gt.extend_from_slice(bytes),
            Part::Spooled(length) => {
                for_gt.extend(spooled.drain(..usize::try_from(*length).unwrap()));
            }
        }
    }
    if let Some(mut rest) = body.rest {
        for_gt.extend_from_slice(&rest.finish().unwrap());
    }
    let mut answer = Response::builder();
    for (name, value) in response
        .head
        .iter()
        .filter(|(name, _)| !name.starts_with(':'))
    {
        answer = answer.header(name, header(value));
    }
    let (answer, ()) = answer.body(()).unwrap().into_parts();
    let Responded::Relay(relay) = sent.responded(answer) else {
        panic!("it is the client's")
    };
    let (_, mut relay) = relay.into_parts();
    let mut for_client = Vec::new();
    let whole = Bytes::from(response.pieces.concat());
    for_client.extend_from_slice(&relay.push(whole).unwrap_or_default());
    for_client.extend_from_slice(&relay.finish().unwrap_or_default());
    (head.uri.to_string(), for_gt, for_client)
}

fn header(value: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(value).unwrap()
}

fn name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap()
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0_usize..600, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_on_is_what_the_gate_makes_of_it(
        is_form: bool,
        is_events: bool,
        is_duplex: bool,
        up in cuts(),
        down in cuts(),
    ) {
        let request = match is_form {
            true => ask("/v1/audio/transcriptions", "multipart/form-data; boundary=b", FORM, &up),
            false => ask("/v1/chat/completions", "application/json", CHAT, &up),
        };
        let response = match is_events {
            true => gt("text/event-stream", EVENTS, &down),
            false => gt("application/json", JSON, &down),
        };
        let (target, for_gt, for_client) = by_the_gate(&request, &response);
        let mode = match is_duplex {
            true => BodySendMode::FullDuplexStreamed,
            false => BodySendMode::None,
        };
        let modes = (mode, BodySendMode::Streamed);
        let outcome = with_service(|at| async move { play(at, modes, &request, &response).await });
        let Outcome::Forwarded { gt, client } = outcome else {
            panic!("{outcome:?}")
        };
        let value = |lines: &[(String, Vec<u8>)], name: &str| {
            let mut values = lines.iter().filter(|(known, _)| known == name);
            let value = values.next().map(|(_, value)| String::from_utf8(value.clone()).unwrap());
            assert!(values.next().is_none(), "{name} twice");
            value
        };
        prop_assert_eq!(&gt.1, &for_gt);
        prop_assert_eq!(value(&gt.0, ":path"), Some(target));
        prop_assert_eq!(value(&gt.0, ":authority"), Some("gt.example".to_owned()));
        prop_assert_eq!(value(&gt.0, "authorization"), Some("Bearer gtak_gt".to_owned()));
        prop_assert_eq!(value(&gt.0, "content-length"), Some(for_gt.len().to_string()));
        prop_assert_eq!(value(&gt.0, "x-client"), None);
        prop_assert_eq!(String::from_utf8(client.1).unwrap(), String::from_utf8(for_client).unwrap());
        prop_assert_eq!(value(&client.0, "content-length"), None);
        prop_assert_eq!(value(&client.0, "x-gt"), Some("1".to_owned()));
    }
}

#[test]
fn a_refusal_is_the_same_whichever_way_bodies_come() {
    let wrong = CHAT.replace("gpt-4o", "unknown");
    let outcomes = [
        BodySendMode::None,
        BodySendMode::Buffered,
        BodySendMode::FullDuplexStreamed,
    ]
    .map(|mode| {
        let request = ask("/v1/chat/completions", "application/json", &wrong, &[7]);
        let response = gt("application/json", JSON, &[]);
        let modes = (mode, BodySendMode::Streamed);
        with_service(|at| async move { play(at, modes, &request, &response).await })
    });
    let Outcome::Immediate(404, head, body) = &outcomes[0] else {
        panic!("{:?}", outcomes[0])
    };
    assert!(head.contains(&("content-type".to_owned(), b"application/json".to_vec())));
    assert!(String::from_utf8_lossy(body).contains("model_not_found"));
    assert_eq!(outcomes[0], outcomes[2]);
}
