//! Answers that stream: nothing is held back, and nobody streams to nobody.

use std::sync::{Mutex, mpsc};

use signalbox_host::config::KeySource;

use crate::harness::{Ask, Gate, Gt, keyring, within};

const STREAM: &str = r#"{"model":"gpt-4o","stream":true}"#;

#[test]
fn an_event_is_with_the_client_before_gt_sends_the_next() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        for n in 0..3 {
            reply.chunk(&format!(
                "data: {{\"n\":{n},\"model\":\"support-agent\"}}\n\n"
            ));
            // The client has to have seen this event, or it never lets us go on.
            may_go_on.lock().unwrap().recv().unwrap();
        }
        reply.chunk("data: [DONE]\n\n");
        reply.last_chunk();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    let head = client.head();
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    for n in 0..3 {
        let mut event = Vec::new();
        while !event.ends_with(b"\n\n") {
            event.extend(client.chunk().unwrap());
        }
        let expected = format!("data: {{\"n\":{n},\"model\":\"gpt-4o\"}}\n\n");
        assert_eq!(String::from_utf8(event).unwrap(), expected);
        go_on.send(()).unwrap();
    }
    assert_eq!(client.chunk().as_deref(), Some(&b"data: [DONE]\n\n"[..]));
    assert_eq!(client.chunk(), None);
    assert_eq!(
        client.send(&Ask::get("/v1/models")).status,
        200,
        "the connection goes on"
    );
}

#[test]
fn a_client_that_goes_away_ends_the_request_at_gt() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        while reply.raw(b"8\r\ndata: x\n\r\n") {}
        tell.lock().unwrap().send(()).unwrap();
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    drop(client);
    told.recv_timeout(std::time::Duration::from_secs(30))
        .expect("GT still streams to nobody");
}

#[test]
fn a_client_that_goes_away_from_a_quiet_stream_ends_the_request_at_gt() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::before_body(move |_, reader, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        // Ends when the host closes the connection: nothing more is written that could fail.
        let _ = std::io::Read::read_to_end(reader, &mut Vec::new());
        tell.lock().unwrap().send(()).unwrap();
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    drop(client);
    told.recv_timeout(std::time::Duration::from_secs(30))
        .expect("GT still streams to nobody");
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn a_client_that_goes_away_before_the_answer_ends_the_request_at_gt() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::before_body(move |_, reader, reply| {
        let mut rest = Vec::new();
        // Ends when the host closes the connection: no answer is ever given.
        let _ = std::io::Read::read_to_end(reader, &mut rest);
        tell.lock().unwrap().send(()).unwrap();
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    drop(client);
    told.recv_timeout(std::time::Duration::from_secs(30))
        .expect("GT still works for nobody");
    assert!(
        within(|| gate.handle.requests() == 0),
        "what it held is given back"
    );
}

#[test]
fn a_key_has_so_many_streams_and_gt_does_not_hear_of_one_more() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        reply.chunk("data: 1\n\n");
        may_go_on.lock().unwrap().recv().unwrap();
        reply.last_chunk();
    });
    let gate = Gate::before(&gt);
    let ask = Ask::chat("x").key("stream").json(STREAM);
    let mut first = gate.connect();
    first.write(&ask.bytes());
    assert_eq!(first.head().status, 200);
    let answer = gate.send(&ask);
    assert_eq!(answer.refusal(), (429, "too_many_streams".to_owned()));
    assert_eq!(gt.seen().len(), 1);
    go_on.send(()).unwrap();
    while first.chunk().is_some() {}
    go_on.send(()).unwrap();
    assert_eq!(gate.send(&ask).status, 200, "the place is free again");
}

#[test]
fn a_key_has_so_many_requests_at_a_time() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        may_go_on.lock().unwrap().recv().unwrap();
        reply.json(200, "{}");
    });
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o").key("single");
    let mut first = gate.connect();
    first.write(&ask.bytes());
    assert!(within(|| gt.seen().len() == 1));
    assert_eq!(gate.send(&ask).refusal(), (429, "rate_limited".to_owned()));
    assert_eq!(gt.seen().len(), 1);
    go_on.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
    go_on.send(()).unwrap();
    assert_eq!(gate.send(&ask).status, 200);
}

#[test]
fn a_stream_that_gt_breaks_off_ends_with_an_error_event() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {\"model\":\"support-agent\"}\n\n");
        reply.hang_up();
    });
    let answer = Gate::before(&gt).send(&Ask::chat("x").json(STREAM));
    let events: Vec<&str> = answer
        .text()
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .collect();
    assert_eq!(events[0], r#"data: {"model":"gpt-4o"}"#);
    assert!(
        events[1].contains(r#""code":"upstream_protocol""#),
        "{events:?}"
    );
}

#[test]
fn a_stream_that_goes_quiet_ends_with_an_error_event() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        std::thread::park();
    });
    let gate = Gate::builder(gt.address)
        .config(|config| config.times.answer_idle = std::time::Duration::from_millis(50).into())
        .start();
    let answer = gate.send(&Ask::chat("x").json(STREAM));
    assert!(
        answer.text().contains(r#""code":"upstream_timeout""#),
        "{}",
        answer.text()
    );
}

#[test]
fn an_answer_in_json_that_gt_breaks_off_is_not_taken_for_whole() {
    let gt = Gt::answering(|_, reply| {
        reply.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\":");
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    let mut chunks = Vec::new();
    let whole = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        while let Some(chunk) = client.chunk() {
            chunks.extend(chunk);
        }
    }));
    assert!(whole.is_err(), "the last chunk came: {chunks:?}");
}

#[test]
fn a_stream_of_a_key_that_is_revoked_is_cut() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        std::thread::park();
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.yaml");
    std::fs::write(&file, keyring()).unwrap();
    let gate = Gate::builder(gt.address)
        .config(|config| config.keys = KeySource::File(file.clone()))
        .start();
    let mut client = gate.connect();
    client.write(&Ask::chat("x").key("chat").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().as_deref(), Some(&b"data: {}\n\n"[..]));
    let revoked = keyring().replace("id: chat,", "id: chat, revoked: true,");
    std::fs::write(&file, revoked).unwrap();
    gate.handle.reload_keys().unwrap();
    let event = String::from_utf8(client.chunk().unwrap()).unwrap();
    assert!(event.contains(r#""code":"invalid_api_key""#), "{event}");
    assert_eq!(client.chunk(), None);
}

const COMMENT: &[u8] = b": keep-alive\n\n";

/// A host that fills silence with comments.
fn commenting(gt: &Gt) -> Gate {
    Gate::builder(gt.address)
        .config(|config| {
            config.times.sse_comment = Some(std::time::Duration::from_millis(10).into());
        })
        .start()
}

#[test]
fn a_quiet_stream_gets_comments_before_between_and_after_its_events() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        let wait = || may_go_on.lock().unwrap().recv().unwrap();
        reply.events();
        wait();
        reply.chunk("data: {\"model\":\"support-agent\"}\r\n\r");
        wait();
        reply.chunk("\ndata: [DONE]\n\n");
        wait();
        reply.last_chunk();
    });
    let gate = commenting(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    let mut events = Vec::new();
    for _ in 0..3 {
        // Each pause lasts until two comments came in a row.
        let mut in_a_row = 0;
        while in_a_row < 2 {
            let chunk = client.chunk().expect("the stream goes on");
            if chunk == COMMENT {
                in_a_row += 1;
            } else {
                in_a_row = 0;
                events.extend(chunk);
            }
        }
        go_on.send(()).unwrap();
    }
    while let Some(chunk) = client.chunk() {
        assert_eq!(chunk, COMMENT, "nothing else comes after the last event");
    }
    assert_eq!(
        String::from_utf8(events).unwrap(),
        "data: {\"model\":\"gpt-4o\"}\r\n\r\ndata: [DONE]\n\n"
    );
}

#[test]
fn nothing_is_added_inside_an_event() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |seen, reply| {
        reply.events();
        if seen.text().contains("inside") {
            reply.chunk("data: {\"a\":1,\n");
            may_go_on.lock().unwrap().recv().unwrap();
            reply.chunk("data: \"model\":\"support-agent\"}\n\n");
            reply.last_chunk();
        } else {
            std::thread::park();
        }
    });
    let gate = commenting(&gt);
    let ask = |place: &str| {
        Ask::chat("x")
            .json(&format!(
                r#"{{"model":"gpt-4o","stream":true,"user":"{place}"}}"#
            ))
            .bytes()
    };
    let mut inside = gate.connect();
    inside.write(&ask("inside"));
    assert_eq!(inside.head().status, 200);
    let mut event = inside.chunk().unwrap();
    // While the clock rings for one stream, it would for the other.
    let mut between = gate.connect();
    between.write(&ask("between"));
    assert_eq!(between.head().status, 200);
    for _ in 0..10 {
        assert_eq!(between.chunk().as_deref(), Some(COMMENT));
    }
    go_on.send(()).unwrap();
    while !event.ends_with(b"\n\n") {
        event.extend(inside.chunk().expect("the event goes on"));
    }
    assert_eq!(
        String::from_utf8(event).unwrap(),
        "data: {\"a\":1,\ndata: \"model\":\"gpt-4o\"}\n\n"
    );
}

#[test]
fn what_is_no_stream_gets_no_comments() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |seen, reply| {
        if seen.text().contains("stream") {
            reply.events();
            std::thread::park();
        }
        reply.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
        may_go_on.lock().unwrap().recv().unwrap();
        reply.chunk("{}");
        reply.last_chunk();
    });
    let gate = commenting(&gt);
    let mut json = gate.connect();
    json.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(json.head().status, 200);
    let mut stream = gate.connect();
    stream.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(stream.head().status, 200);
    for _ in 0..10 {
        assert_eq!(stream.chunk().as_deref(), Some(COMMENT));
    }
    go_on.send(()).unwrap();
    assert_eq!(json.chunk().as_deref(), Some(&b"{}"[..]));
    assert_eq!(json.chunk(), None);
}

#[test]
fn comments_do_not_keep_a_stream_alive_that_gt_has_left() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        std::thread::park();
    });
    let gate = Gate::builder(gt.address)
        .config(|config| {
            config.times.answer_idle = std::time::Duration::from_millis(100).into();
            config.times.sse_comment = Some(std::time::Duration::from_millis(10).into());
        })
        .start();
    let answer = gate.send(&Ask::chat("x").json(STREAM));
    assert!(answer.text().starts_with(": keep-alive\n\n"));
    assert!(answer.text().contains(r#""code":"upstream_timeout""#));
}
