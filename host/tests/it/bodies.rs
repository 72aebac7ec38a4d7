//! Bodies: when they are read, when they are not, and how a refusal gets past one.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use crate::harness::{Ask, Gate, Gt, Seen, within};

fn short() -> signalbox_host::config::Span {
    Duration::from_millis(50).into()
}

#[test]
fn a_refusal_is_read_by_a_client_that_sends_everything_first() {
    let gate = Gate::before(&Gt::chatty());
    let body = vec![b'x'; 20 << 20];
    for (ask, code) in [
        (Ask::post("/v1/nothing"), "unknown_route"),
        (Ask::post("/v1/datasets/other/files"), "dataset_not_allowed"),
        (
            Ask::chat("x").header("content-type", "a/b"),
            "unsupported_media_type",
        ),
    ] {
        let mut client = gate.connect();
        client.write(&ask.body(&body).bytes());
        let answer = client.answer();
        assert_eq!(answer.refusal().1, code);
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.is_closed());
    }
}

#[test]
fn a_stranger_gets_less_patience() {
    let gate = Gate::before(&Gt::chatty());
    let mut client = gate.connect();
    let ask = Ask::post("/v1/nothing")
        .key("unknown")
        .body(&vec![b'x'; 64 << 20]);
    let written = client.try_write(&ask.bytes());
    assert!(
        written.is_err(),
        "64 MiB were read for somebody without a key"
    );
}

#[test]
fn who_waits_for_a_go_ahead_gets_it_after_the_decision_only() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o").header("expect", "100-continue");
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(client.answer().status, 100);
    client.write(&ask.bytes()[ask.head().len()..]);
    assert_eq!(client.answer().status, 200);

    let mut refused = gate.connect();
    refused.write(&ask.key("unknown").head());
    let answer = refused.answer();
    assert_eq!(answer.refusal().0, 401, "no 100 came before");
    assert_eq!(gt.seen().len(), 1);
}

#[test]
fn a_body_that_stops_coming_is_refused_in_time() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.body_idle = short())
        .start();
    let mut client = gate.connect();
    let ask = Ask::chat("gpt-4o");
    client.write(&ask.bytes()[..ask.head().len() + 5]);
    assert_eq!(
        client.answer().refusal(),
        (408, "request_timeout".to_owned())
    );
}

#[test]
fn a_body_that_trickles_is_refused_in_time() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.body_total = short())
        .start();
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").body(&[b' '; 100_000]).head());
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_millis(100) {
        if client.try_write(b" ").is_err() {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(
        client.answer().refusal(),
        (408, "request_timeout".to_owned())
    );
}

#[test]
fn bytes_that_are_held_have_a_budget() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.held_memory = signalbox_host::config::Size::mib(4))
        .start();
    let body = |bytes: usize| format!(r#"{{"model":"gpt-4o","pad":"{}"}}"#, "x".repeat(bytes));
    let answer = gate.send(&Ask::chat("x").json(&body(2 << 20)));
    assert_eq!(answer.refusal(), (503, "overloaded".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert_eq!(
        gate.send(&Ask::chat("x").json(&body(2 << 20)).chunked(65_536))
            .refusal()
            .0,
        503
    );
    for _ in 0..8 {
        assert_eq!(
            gate.send(&Ask::chat("x").json(&body(900_000))).status,
            200,
            "given back"
        );
    }
}

#[test]
fn an_upload_streams_with_its_length_and_is_not_held() {
    let (tell, told) = mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let gt = Gt::before_body(move |seen, reader, reply| {
        let mut first = vec![0; 5];
        reader.read_exact(&mut first).unwrap();
        tell.lock().unwrap().send((seen.clone(), first)).unwrap();
        let mut rest = vec![0; 5];
        reader.read_exact(&mut rest).unwrap();
        reply.json(
            200,
            &format!(r#"{{"rest":"{}"}}"#, String::from_utf8(rest).unwrap()),
        );
    });
    let gate = Gate::before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files")
        .header("content-type", "multipart/form-data; boundary=b");
    let ask = ask.body(b"helloworld");
    let mut client = gate.connect();
    client.write(&ask.bytes()[..ask.head().len() + 5]);
    let (seen, first): (Seen, Vec<u8>) = told.recv().unwrap();
    assert_eq!(
        first, b"hello",
        "GT has the first half before the client sent the second"
    );
    assert_eq!(seen.header("content-length"), Some("10"));
    assert_eq!(
        seen.header("content-type"),
        Some("multipart/form-data; boundary=b")
    );
    client.write(b"world");
    assert_eq!(client.answer().text(), r#"{"rest":"world"}"#);
}

#[test]
fn an_upload_without_a_length_goes_on_in_chunks() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let body: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let ask = Ask::post("/v1/datasets/briefs/files")
        .body(&body)
        .chunked(10_000);
    assert_eq!(gate.send(&ask).status, 200);
    assert!(gt.only().body == body);
    assert_eq!(gt.only().header("transfer-encoding"), Some("chunked"));
}

#[test]
fn an_upload_over_the_keys_limit_is_cut_before_gt_has_it_all() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.upload_body = signalbox_host::config::Size::mib(1))
        .start();
    let ask = Ask::post("/v1/datasets/briefs/files").body(&vec![b'x'; 3 << 20]);
    assert_eq!(
        gate.send(&ask).refusal(),
        (413, "body_too_large".to_owned())
    );
    assert_eq!(gt.seen().len(), 0);
    let answer = gate.send(&ask.chunked(100_000));
    assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()));
}

#[test]
fn an_upload_that_the_client_breaks_off_is_broken_off_at_gt() {
    let (tell, told) = mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let gt = Gt::before_body(move |_, reader, reply| {
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all);
        tell.lock().unwrap().send(all).unwrap();
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files").body(b"helloworld");
    let mut client = gate.connect();
    client.write(&ask.bytes()[..ask.head().len() + 5]);
    assert!(within(|| gt.seen().len() == 1));
    drop(client);
    assert_eq!(told.recv().unwrap(), b"hello");
}
