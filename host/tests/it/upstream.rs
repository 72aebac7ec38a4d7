//! GT that is not there, not well, or not what it should be.

use std::net::TcpListener;

use crate::harness::{Ask, Gate, Gt};

fn refusal_of(gt: &Gt) -> (u16, String) {
    Gate::before(gt).send(&Ask::chat("gpt-4o")).refusal()
}

#[test]
fn what_speaks_of_our_own_credential_is_not_the_clients() {
    for status in [401, 403] {
        let gt = Gt::answering(move |_, reply| {
            reply.json(status, r#"{"error":{"message":"gtak_inference"}}"#);
        });
        let answer = Gate::before(&gt).send(&Ask::chat("gpt-4o"));
        assert_eq!(
            answer.refusal(),
            (502, "upstream_credential_rejected".to_owned())
        );
        assert!(!answer.text().contains("gtak_"));
    }
}

#[test]
fn redirects_are_never_followed() {
    for status in [301, 302, 307, 308] {
        let gt = Gt::answering(move |_, reply| {
            reply.with(status, "location: http://elsewhere.example/\r\n", b"");
        });
        assert_eq!(refusal_of(&gt), (502, "upstream_redirect".to_owned()));
        assert_eq!(gt.seen().len(), 1);
    }
}

#[test]
fn nobody_there_is_worth_another_try() {
    let address = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let gate = Gate::builder(address).start();
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let upload = Ask::post("/v1/datasets/briefs/files").body(&vec![b'x'; 8 << 20]);
    let answer = gate.send(&upload);
    assert_eq!(
        answer.refusal().1,
        "upstream_unreachable",
        "although the upload was still coming"
    );
}

#[test]
fn what_does_not_speak_http_is_a_protocol_error() {
    let gt = Gt::answering(|_, reply| {
        reply.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
        reply.hang_up();
    });
    assert_eq!(refusal_of(&gt), (502, "upstream_protocol".to_owned()));
}

#[test]
fn an_answer_that_cannot_be_restamped_is_not_passed() {
    for (status, headers) in [
        (
            200,
            "content-type: application/json\r\ncontent-encoding: gzip\r\n",
        ),
        (206, "content-type: text/event-stream\r\n"),
    ] {
        let gt = Gt::answering(move |_, reply| reply.with(status, headers, b"x"));
        assert_eq!(refusal_of(&gt), (502, "upstream_protocol".to_owned()));
    }
}

#[test]
fn an_answer_that_never_begins_is_a_timeout() {
    let gt = Gt::answering(|_, _| std::thread::park());
    let gate = Gate::builder(gt.address)
        .config(|config| config.times.first_byte = std::time::Duration::from_millis(50).into())
        .start();
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (504, "upstream_timeout".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
}

#[test]
fn a_missing_credential_is_the_operators_matter() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| {
            config.upstream.credentials.remove("upload");
        })
        .start();
    let answer = gate.send(&Ask::post("/v1/datasets/briefs/files").body(b"x"));
    assert_eq!(
        answer.refusal(),
        (502, "upstream_credential_rejected".to_owned())
    );
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn gt_may_answer_an_upload_before_it_has_it_all() {
    let gt = Gt::before_body(|_, _, reply| {
        reply.json(413, r#"{"error":{"message":"too large"}}"#);
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files").body(&[b'x'; 1000]);
    let mut client = gate.connect();
    client.write(&ask.bytes()[..ask.head().len() + 10]);
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn an_upload_that_gt_answered_early_is_taken_to_its_end() {
    let gt = Gt::before_body(|_, _, reply| {
        reply.json(413, r#"{"error":{"message":"too large"}}"#);
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files").without("content-length");
    let ask = ask.header("content-length", &UPLOAD.to_string());
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(client.answer().status, 413);
    // A client may not look before it has sent all.
    assert_eq!(client.write_what_is_taken(UPLOAD), UPLOAD);
    assert!(client.is_closed());
}

/// Less than `limits.discard`, and more than systems hold.
const UPLOAD: u64 = 24 << 20;
