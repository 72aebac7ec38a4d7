//! Heads as no client should write them: none becomes another request than the policy saw.

use crate::harness::http2::{Frames, Taken, block};
use crate::harness::{Ask, Gate, Gt};

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "http");
const HOST: (&str, &str) = (":authority", "gate.example");
const PATH: (&str, &str) = (":path", "/v1/models");
const KEY: (&str, &str) = ("authorization", "Bearer token-all");

/// How the host takes a head with these fields, on a connection of its own.
fn taken(gate: &Gate, fields: &[(&str, &str)]) -> Taken {
    let mut frames = Frames::connect(gate.address);
    frames.ask(1, fields);
    frames.taken(1)
}

fn refused(code: &str) -> Taken {
    Taken::Answered(Some(code.to_owned()))
}

#[test]
fn a_plain_head_is_answered() {
    let gate = Gate::before(&Gt::chatty());
    let answered = Taken::Answered(None);
    assert_eq!(taken(&gate, &[METHOD, SCHEME, HOST, PATH, KEY]), answered);
    let with_host = [METHOD, SCHEME, PATH, KEY, ("host", "gate.example")];
    assert_eq!(taken(&gate, &with_host), answered);
    let both = [METHOD, SCHEME, HOST, PATH, KEY, ("host", "GATE.example")];
    assert_eq!(taken(&gate, &both), answered);
    let te = [METHOD, SCHEME, HOST, PATH, KEY, ("te", "trailers")];
    assert_eq!(taken(&gate, &te), answered);
}

#[test]
fn pseudo_headers_that_say_two_things_are_refused() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for (fields, expected) in [
        (
            &[METHOD, SCHEME, HOST, (":path", "*"), KEY][..],
            "invalid_request",
        ),
        (
            &[METHOD, SCHEME, HOST, (":path", "/v1/../v1/models"), KEY],
            "invalid_path",
        ),
        (
            &[METHOD, SCHEME, HOST, (":path", "//v1/models"), KEY],
            "invalid_path",
        ),
        (
            &[METHOD, SCHEME, HOST, PATH, KEY, ("host", "other.example")],
            "invalid_request",
        ),
        (
            &[
                METHOD,
                SCHEME,
                HOST,
                PATH,
                KEY,
                ("host", "gate.example"),
                ("host", "gate.example"),
            ],
            "invalid_request",
        ),
        (&[METHOD, SCHEME, PATH, KEY], "invalid_request"),
        (
            &[METHOD, (":scheme", "ftp"), HOST, PATH, KEY],
            "invalid_request",
        ),
        (
            &[METHOD, SCHEME, (":authority", "u@gate.example"), PATH, KEY],
            "invalid_request",
        ),
        (&[(":method", "CONNECT"), HOST, KEY], "invalid_request"),
        (
            &[(":method", "TRACE"), SCHEME, HOST, PATH, KEY],
            "invalid_request",
        ),
    ] {
        let taken = taken(&gate, fields);
        assert_eq!(taken, refused(expected), "{fields:?}");
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn what_is_no_request_of_http2_resets_its_stream() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for fields in [
        &[METHOD, SCHEME, HOST, KEY][..],
        &[METHOD, SCHEME, HOST, (":path", ""), KEY],
        &[METHOD, SCHEME, HOST, (":path", "v1/models"), KEY],
        &[METHOD, HOST, PATH, KEY],
        &[SCHEME, HOST, PATH, KEY],
        &[METHOD, METHOD, SCHEME, HOST, PATH, KEY],
        &[METHOD, SCHEME, HOST, HOST, PATH, KEY],
        &[METHOD, SCHEME, HOST, PATH, (":path", "/v1/files/x"), KEY],
        &[METHOD, SCHEME, HOST, PATH, KEY, (":path", "/v1/files/x")],
        &[METHOD, SCHEME, HOST, PATH, KEY, (":status", "200")],
        &[METHOD, SCHEME, HOST, PATH, KEY, (":other", "x")],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("connection", "close")],
        &[
            METHOD,
            SCHEME,
            HOST,
            PATH,
            KEY,
            ("connection", "authorization"),
        ],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("keep-alive", "1")],
        &[
            METHOD,
            SCHEME,
            HOST,
            PATH,
            KEY,
            ("proxy-connection", "close"),
        ],
        &[
            METHOD,
            SCHEME,
            HOST,
            PATH,
            KEY,
            ("transfer-encoding", "chunked"),
        ],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("upgrade", "h2c")],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("te", "gzip")],
        &[
            METHOD,
            SCHEME,
            HOST,
            PATH,
            ("Authorization", "Bearer token-all"),
        ],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("x\r\ny", "1")],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("x", "1\r\nhost: other")],
        &[METHOD, SCHEME, HOST, PATH, KEY, ("content-length", "5")],
        &[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            SCHEME,
            HOST,
            PATH,
            KEY,
        ],
    ] {
        let taken = taken(&gate, fields);
        let is_refused = match &taken {
            Taken::Reset(_) | Taken::Ended(_) => true,
            Taken::Answered(code) => code
                .as_deref()
                .is_some_and(|code| code.starts_with("invalid")),
            Taken::Closed => false,
        };
        assert!(is_refused, "{fields:?}: {taken:?}");
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn a_get_with_a_body_is_refused_and_its_body_goes_nowhere() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let mut frames = Frames::connect(gate.address);
    let fields = [METHOD, SCHEME, HOST, (":path", "/v1/files/file-1"), KEY];
    frames.write(Frames::HEADERS, Frames::END_HEADERS, 1, &block(&fields));
    frames.write(
        Frames::DATA,
        Frames::END_STREAM,
        1,
        b"GET /v1/other HTTP/1.1\r\n\r\n",
    );
    assert_eq!(frames.taken(1), refused("invalid_request"));
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn a_head_that_is_too_large_is_refused_in_words() {
    let gate = Gate::before(&Gt::chatty());
    crate::harness::http2::run(async {
        let mut client = crate::harness::http2::Http2::connect(gate.address).await;
        let large = Ask::get("/v1/models").header("x-large", &"x".repeat(70_000));
        let answer = client.send(&large).await;
        assert_eq!(answer.refusal(), (431, "head_too_large".to_owned()));
        let many = (0..200).fold(Ask::get("/v1/models"), |ask, n| {
            ask.header(&format!("x-{n}"), "1")
        });
        let answer = client.send(&many).await;
        assert_eq!(answer.refusal(), (431, "head_too_large".to_owned()));
        let larger = Ask::get("/v1/models").header("x-large", &"x".repeat(200_000));
        let answer = client.send(&larger).await;
        assert_eq!((answer.status, answer.text()), (431, ""), "h2's own");
    });
}

#[test]
fn trailers_of_a_request_are_dropped() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let mut frames = Frames::connect(gate.address);
    let post = [
        (":method", "POST"),
        SCHEME,
        HOST,
        (":path", "/v1/chat/completions"),
        KEY,
        ("content-type", "application/json"),
    ];
    frames.write(Frames::HEADERS, Frames::END_HEADERS, 1, &block(&post));
    let body = br#"{"model":"gpt-4o","messages":[]}"#;
    frames.write(Frames::DATA, 0, 1, body);
    let flags = Frames::END_HEADERS | Frames::END_STREAM;
    let trailers = block(&[
        ("x-gt-conversation-id", "c-1"),
        ("authorization", "Bearer other"),
    ]);
    frames.write(Frames::HEADERS, flags, 1, &trailers);
    assert_eq!(frames.taken(1), Taken::Answered(None));
    let seen = gt.only();
    assert_eq!(seen.header("x-gt-conversation-id"), None);
    assert_eq!(seen.text(), r#"{"model":"support-agent","messages":[]}"#);
}
