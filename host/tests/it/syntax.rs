//! Heads that are no heads, and connections that are kept or not.

use crate::harness::{Ask, Gate, Gt};

#[test]
fn a_head_that_cannot_be_parsed_is_refused_like_everything_else() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for head in [
        "GET /v1/models\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
    ] {
        let mut client = gate.connect();
        client.write(head.as_bytes());
        let answer = client.answer();
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request".to_owned()),
            "{head:?}"
        );
        assert_eq!(answer.header("connection"), Some("close"), "{head:?}");
        assert!(client.is_closed(), "{head:?}");
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn a_head_that_is_too_large_is_refused_although_it_still_comes() {
    let gate = Gate::before(&Gt::chatty());
    let large = Ask::get("/v1/models").header("x-large", &"x".repeat(70_000));
    assert_eq!(
        gate.send(&large).refusal(),
        (431, "head_too_large".to_owned())
    );
    let many = (0..200).fold(Ask::get("/v1/models"), |ask, n| {
        ask.header(&format!("x-{n}"), "1")
    });
    assert_eq!(
        gate.send(&many).refusal(),
        (431, "head_too_large".to_owned())
    );
    let endless = Ask::get("/v1/models").header("x-large", &"x".repeat(900_000));
    assert_eq!(
        gate.send(&endless).refusal(),
        (431, "head_too_large".to_owned())
    );
}

#[test]
fn chunks_beside_a_length_are_refused_and_end_the_connection() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o").chunked(5).header("content-length", "3");
    let mut client = gate.connect();
    let answer = client.send(&ask);
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(gt.seen().len(), 0);
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed());
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    for _ in 0..3 {
        assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
        assert_eq!(
            client.send(&Ask::chat("gpt-5")).status,
            404,
            "refused, and still kept"
        );
        assert_eq!(
            client.send(&Ask::post("/v1/nothing").json("{}")).status,
            404
        );
    }
    assert_eq!(gt.seen().len(), 3);
}

#[test]
fn requests_sent_in_one_go_are_answered_in_order() {
    let gate = Gate::before(&Gt::chatty());
    let mut client = gate.connect();
    let asks = [
        Ask::chat("gpt-4o"),
        Ask::get("/v1/models"),
        Ask::chat("gpt-5"),
    ];
    client.write(&asks.iter().flat_map(Ask::bytes).collect::<Vec<u8>>());
    assert_eq!([200, 200, 404], [(); 3].map(|()| client.answer().status));
}

#[test]
fn an_idle_connection_is_closed_in_time_and_so_is_a_slow_head() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| {
            let short = std::time::Duration::from_millis(50).into();
            config.times.head = short;
            config.times.connection_idle = short;
        })
        .start();
    let mut idle = gate.connect();
    let mut slow = gate.connect();
    slow.write(b"GET /v1/models HTTP/1.1\r\nhost:");
    let mut used = gate.connect();
    assert_eq!(used.send(&Ask::get("/v1/models")).status, 200);
    assert_eq!(slow.answer().refusal().0, 408);
    assert!(idle.is_closed() && slow.is_closed() && used.is_closed());
}
