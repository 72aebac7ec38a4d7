//! The whole gate, bytes in and bytes out.

use signalbox_policy::Decision;
use signalbox_testkit::gate::{NativeGate, NoGate, NoMessage, TestGate};

use crate::native;

const POLICY: &str = r#"
policy: p
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
models:
  gpt-4o: {published: support-agent}
"#;

fn component() -> Vec<u8> {
    let document = signalbox_policy::read(POLICY).unwrap();
    signalbox_compiler::compile(&document, POLICY).unwrap()
}

fn gate() -> TestGate {
    TestGate::new(&component(), &[("app", "preset: chat-client, models: all")]).unwrap()
}

fn chat(framing: &str, body: &str) -> Vec<u8> {
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: gate.example\r\nauthorization: Bearer token-app\r\n\
                content-type: application/json\r\nx-secret: 1\r\n";
    format!("{head}{framing}\r\n{body}").into_bytes()
}

/// What differs from one exchange to the next is left out.
fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let kept = |line: &&str| {
        !line.starts_with("x-signalbox-decision") && !line.starts_with("x-request-id")
    };
    text.split("\r\n").filter(kept).map(str::to_owned).collect()
}

const TO_GT: &str = "POST /api/tenant/v1/chat/completions HTTP/1.1\r\n";

#[test]
fn a_request_goes_to_gt_and_its_answer_to_the_client() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{\"model\":\"support-agent\"}";
    let request = chat("content-length: 18\r\n", r#"{"model":"gpt-4o"}"#);
    let exchange = gate().exchange(&request, &[answer]).unwrap();
    let [sent] = &exchange.to_gt[..] else {
        panic!("{exchange:?}")
    };
    let sent = lines(sent);
    assert_eq!(sent.first().unwrap(), TO_GT.trim_end());
    assert!(
        sent.contains(&"authorization: Bearer gtak_inference".to_owned()),
        "{sent:?}"
    );
    assert!(
        !sent.iter().any(|line| line.starts_with("x-secret")),
        "{sent:?}"
    );
    assert!(sent.contains(&"content-length: 25".to_owned()), "{sent:?}");
    assert_eq!(sent.last().unwrap(), r#"{"model":"support-agent"}"#);
    let got = lines(&exchange.to_client.unwrap());
    assert_eq!(got.first().unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(got.last().unwrap(), r#"{"model":"gpt-4o"}"#);
}

#[test]
fn a_body_in_chunks_is_the_same_body() {
    let chunked = "5\r\n{\"mod\r\nd\r\nel\":\"gpt-4o\"}\r\n0\r\n\r\n";
    let request = chat("transfer-encoding: chunked\r\n", chunked);
    let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let exchange = gate().exchange(&request, &[answer]).unwrap();
    assert_eq!(
        lines(&exchange.to_gt[0]).last().unwrap(),
        r#"{"model":"support-agent"}"#
    );
    assert_eq!(lines(&exchange.to_client.unwrap()).last().unwrap(), "hi");
}

#[test]
fn what_is_refused_is_not_sent() {
    let request = chat("content-length: 18\r\n", r#"{"model":"gpt-5x"}"#);
    let exchange = gate().exchange(&request, &[]).unwrap();
    assert_eq!(exchange.to_gt, [b""; 0]);
    let got = lines(&exchange.to_client.unwrap());
    assert_eq!(got.first().unwrap(), "HTTP/1.1 404 Not Found");
    assert!(got.last().unwrap().contains("model_not_found"), "{got:?}");
}

#[test]
fn a_gt_that_does_not_answer_is_told() {
    let request = chat("content-length: 18\r\n", r#"{"model":"gpt-4o"}"#);
    let exchange = gate().exchange(&request, &[]).unwrap();
    assert_eq!(exchange.to_gt.len(), 1);
    let got = lines(&exchange.to_client.unwrap());
    assert!(
        got.last().unwrap().contains("upstream_unreachable"),
        "{got:?}"
    );
}

#[test]
fn a_policy_is_swapped_between_two_requests() {
    let gate = gate();
    let without = POLICY.replace("gpt-4o:", "gpt-5:");
    let document = signalbox_policy::read(&without).unwrap();
    gate.swap(&signalbox_compiler::compile(&document, &without).unwrap())
        .unwrap();
    let request = chat("content-length: 18\r\n", r#"{"model":"gpt-4o"}"#);
    assert_eq!(gate.exchange(&request, &[]).unwrap().to_gt, [b""; 0]);
    assert!(matches!(gate.swap(b"no component"), Err(NoGate::Policy(_))));
}

#[test]
fn what_is_no_message_is_told() {
    let gate = gate();
    assert_eq!(
        gate.exchange(b"POST / HTTP/1.1\r\n", &[]),
        Err(NoMessage::Part)
    );
    let cut = chat("content-length: 19\r\n", r#"{"model":"gpt-4o"}"#);
    assert!(matches!(gate.exchange(&cut, &[]), Err(NoMessage::Body(_))));
    assert!(matches!(
        gate.exchange(b"\x01\r\n\r\n", &[]),
        Err(NoMessage::Head(_))
    ));
    assert!(TestGate::new(&component(), &[("app", "preset: nobody")]).is_err());
}

#[test]
fn native_logic_decides_in_the_place_of_a_component() {
    let keys = [("app", "preset: chat-client, models: all")];
    let gate = NativeGate::new(native::policy(|_| None), &keys).unwrap();
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let ask = |model: &str| {
        let body = format!(r#"{{"model":"{model}"}}"#);
        let framing = format!("content-length: {}\r\n", body.len());
        gate.exchange(&chat(&framing, &body), &[answer]).unwrap()
    };
    let [sent] = &ask("large").to_gt[..] else {
        panic!("nothing was sent")
    };
    assert_eq!(
        lines(sent).last().map(String::as_str),
        Some(r#"{"model":"gt-large"}"#)
    );
    let refused = ask("nobody");
    assert!(refused.to_gt.is_empty());
    let told = String::from_utf8(refused.to_client.unwrap()).unwrap();
    assert!(told.contains("model_not_found"), "{told}");

    // What a host would not act on, it does not act on here.
    let wrong = native::policy(|_| Some(Decision::ReadModel));
    let gate = NativeGate::new(wrong, &keys).unwrap();
    let body = r#"{"model":"large"}"#;
    let asked = chat(&format!("content-length: {}\r\n", body.len()), body);
    let told = gate.exchange(&asked, &[answer]).unwrap().to_client.unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("policy_failed"), "{told}");
}
