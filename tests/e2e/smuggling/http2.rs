//! What HTTP/2 frames can carry and one plain request cannot: what would be two requests, another
//! path or another frame once it is written as HTTP/1.

use super::{
    Place,
    frames::{
        CONTINUATION, Came, DATA, END_HEADERS, END_STREAM, HEADERS, PING, block, exchange, frame,
    },
    is_plain,
};

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

/// What may become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Passes,
    /// A refusal, or an error of the stream or the connection.
    Refused,
    /// Either: what GT gets is one plain request or none.
    Either,
}
use Wanted::{Either, Passes, Refused};

/// One case: a change of the request that is in order, and what may become of it.
struct Case {
    name: String,
    frames: Vec<u8>,
    wanted: Wanted,
}

fn lines() -> Lines {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/chat/completions"),
        (":authority", "gate.example"),
        ("authorization", "Bearer gtak_demo"),
        ("x-request-id", "over-http2"),
        ("content-type", "application/json"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .to_vec()
}

fn request(lines: &Lines, body: &[u8]) -> Vec<u8> {
    let head = frame(HEADERS, END_HEADERS, 1, &block(lines));
    [head, frame(DATA, END_STREAM, 1, body)].concat()
}

fn case(name: String, wanted: Wanted, lines: &Lines) -> Case {
    Case {
        name,
        frames: request(lines, BODY),
        wanted,
    }
}

/// With another value of a header.
fn with(wanted: Wanted, name: &str, value: &str) -> Case {
    let mut lines = lines();
    for line in &mut lines {
        if line.0 == name.as_bytes() {
            line.1 = value.into();
        }
    }
    case(format!("{name} is {value:?}"), wanted, &lines)
}

fn without(wanted: Wanted, name: &str) -> Case {
    let mut lines = lines();
    lines.retain(|line| line.0 != name.as_bytes());
    case(format!("no {name}"), wanted, &lines)
}

/// With one more header, after the others or at the front.
fn and(wanted: Wanted, name: &str, value: &str) -> Case {
    let mut lines = lines();
    lines.push((name.into(), value.into()));
    case(format!("and {name:?}: {value:?}"), wanted, &lines)
}

fn before(wanted: Wanted, name: &str, value: &str) -> Case {
    let mut lines = lines();
    lines.insert(0, (name.into(), value.into()));
    case(format!("first {name:?}: {value:?}"), wanted, &lines)
}

fn in_frames(name: &str, wanted: Wanted, frames: &[Vec<u8>]) -> Case {
    Case {
        name: name.to_owned(),
        frames: frames.concat(),
        wanted,
    }
}

fn pseudo_headers() -> Vec<Case> {
    let mut cases = vec![
        case("in order".to_owned(), Passes, &lines()),
        without(Refused, ":method"),
        without(Refused, ":path"),
        without(Refused, ":scheme"),
        without(Refused, ":authority"),
        before(Refused, ":method", "DELETE"),
        before(Refused, ":path", "/v1/conversations"),
        before(Refused, ":scheme", "https"),
        before(Refused, ":authority", "other.example"),
        before(Refused, ":status", "200"),
        before(Refused, ":other", "x"),
        before(Refused, ":protocol", "websocket"),
        before(Refused, "x-first", "x"),
        and(Refused, ":path", "/v1/conversations"),
        and(Either, "host", "gate.example"),
        and(Refused, "host", "other.example"),
        with(Either, ":scheme", "https"),
        with(Refused, ":scheme", "ftp"),
        with(Refused, ":scheme", "http://other.example/?"),
        with(Refused, ":scheme", "http\r\nx: y"),
    ];
    let paths = [
        "",
        "*",
        "v1/chat/completions",
        "//v1/chat/completions",
        "//other.example/v1/chat/completions",
        "http://other.example/v1/chat/completions",
        "/v1/chat/completions HTTP/1.1\r\nx: y",
        "/v1/chat/completions HTTP/1.1",
        "/v1/chat completions",
        "/v1/chat/completions\r\n",
        "/v1/chat/completions\n",
        "/v1/chat/completions\0",
        "/v1/chat/completions\t",
        "/v1/files/%2e%2e/chat/completions",
        "/v1/models/../chat/completions",
        "/v1%2fchat/completions",
        "/v1/chat/completions;a",
        "/v1\\chat/completions",
        "/v1/chat/completions?model=x",
        "/v1/chat/completions\u{e4}",
        "/v1/v1/chat/completions",
    ];
    cases.extend(paths.map(|path| with(Refused, ":path", path)));
    cases.push(with(Either, ":path", "/v1/chat/completions#/../x"));
    cases.push(with(Passes, ":path", "/api/tenant/chat/completions/?x=y"));
    let methods = [
        "",
        "post",
        "CONNECT",
        "TRACE",
        "PO ST",
        "POST / HTTP/1.1\r\nx: y\r\n\r\n",
        "POST\r\n",
        "GET",
        "DELETE",
        "\0",
    ];
    cases.extend(methods.map(|method| with(Refused, ":method", method)));
    let authorities = [
        "a@gate.example",
        "gate.example/v1",
        "gate.example\r\nx: y",
        "gate.example, other",
        "ga te",
    ];
    cases.extend(authorities.map(|authority| with(Refused, ":authority", authority)));
    let mut by_host = lines();
    by_host.retain(|line| line.0 != b":authority");
    by_host.push((b"host".to_vec(), b"gate.example".to_vec()));
    cases.push(case(
        "host in place of :authority".to_owned(),
        Either,
        &by_host,
    ));
    cases
}

fn headers() -> Vec<Case> {
    vec![
        and(Refused, "transfer-encoding", "chunked"),
        and(Refused, "connection", "close"),
        and(Refused, "connection", "authorization"),
        and(Refused, "keep-alive", "timeout=5"),
        and(Refused, "proxy-connection", "keep-alive"),
        and(Refused, "upgrade", "websocket"),
        and(Refused, "te", "gzip"),
        and(Passes, "te", "trailers"),
        and(Refused, "X-Upper", "y"),
        and(Refused, "", "y"),
        and(Refused, "x y", "z"),
        and(Refused, "x:", "z"),
        and(Refused, "x: y\r\nauthorization", "z"),
        and(Refused, "x\r\n\r\nGET / HTTP/1.1\r\nx", "z"),
        and(Refused, "x\0", "z"),
        and(
            Refused,
            "user-agent",
            "a\r\nauthorization: Bearer gtak_demo_all",
        ),
        and(
            Refused,
            "user-agent",
            "a\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
        ),
        and(Refused, "user-agent", "a\nb"),
        and(Refused, "user-agent", "a\rb"),
        and(Refused, "user-agent", "a\0b"),
        and(Either, "user-agent", " a\t"),
        and(Refused, "content-length", "31"),
        and(Refused, "content-length", "33"),
        and(Refused, "content-length", "0"),
        and(Refused, "content-length", "+32"),
        and(Refused, "content-length", "32, 32"),
        and(Refused, "content-length", "x"),
        and(Passes, "content-length", "32"),
        and(Refused, "authorization", "Bearer gtak_demo_all"),
        and(Refused, "content-type", "text/plain"),
        and(Refused, "content-encoding", "gzip"),
        and(Passes, "cookie", "a=b"),
        and(Passes, "x-http-method-override", "DELETE"),
        and(Passes, "x-original-url", "/v1/conversations"),
        and(Refused, "x-gt-conversation-id", "c1"),
        and(Either, "x-large", &"x".repeat(16_000)),
    ]
}

fn frames() -> Vec<Case> {
    let all = block(&lines());
    let (first, second) = all.split_at(all.len() / 2);
    let head = |flags| frame(HEADERS, flags, 1, &all);
    let data = |flags, bytes: &[u8]| frame(DATA, flags, 1, bytes);
    let (half, rest) = BODY.split_at(BODY.len() / 2);
    let trailers = |lines: &[(&str, &str)]| {
        let lines = lines
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            1,
            &block(&lines.collect::<Lines>()),
        )
    };
    let padded = [&[4][..], BODY, &[0; 4]].concat();
    vec![
        in_frames(
            "a head in two frames",
            Passes,
            &[
                frame(HEADERS, 0, 1, first),
                frame(CONTINUATION, END_HEADERS, 1, second),
                data(END_STREAM, BODY),
            ],
        ),
        in_frames(
            "something between the two",
            Refused,
            &[
                frame(HEADERS, 0, 1, first),
                frame(PING, 0, 0, &[0; 8]),
                frame(CONTINUATION, END_HEADERS, 1, second),
                data(END_STREAM, BODY),
            ],
        ),
        in_frames(
            "a head that goes on elsewhere",
            Refused,
            &[
                frame(HEADERS, 0, 1, first),
                frame(CONTINUATION, END_HEADERS, 3, second),
                data(END_STREAM, BODY),
            ],
        ),
        in_frames(
            "a body in three frames",
            Passes,
            &[
                head(END_HEADERS),
                data(0, half),
                data(0, &[]),
                data(END_STREAM, rest),
            ],
        ),
        in_frames(
            "a body with padding",
            Passes,
            &[head(END_HEADERS), frame(DATA, END_STREAM | 8, 1, &padded)],
        ),
        in_frames(
            "more padding than there is",
            Refused,
            &[
                head(END_HEADERS),
                frame(DATA, END_STREAM | 8, 1, &[200, 1, 2]),
            ],
        ),
        in_frames("no body", Refused, &[head(END_HEADERS | END_STREAM)]),
        in_frames(
            "a body of nobody",
            Refused,
            &[frame(DATA, END_STREAM, 0, BODY), head(END_HEADERS)],
        ),
        in_frames(
            "a body before its head",
            Refused,
            &[data(0, BODY), head(END_HEADERS | END_STREAM)],
        ),
        in_frames(
            "a stream with an even number",
            Refused,
            &[frame(HEADERS, END_HEADERS | END_STREAM, 2, &all)],
        ),
        in_frames(
            "trailers",
            Either,
            &[
                head(END_HEADERS),
                data(0, BODY),
                trailers(&[("x-after", "y"), ("authorization", "Bearer gtak_x")]),
            ],
        ),
        in_frames(
            "trailers with a path",
            Refused,
            &[
                head(END_HEADERS),
                data(0, half),
                trailers(&[(":path", "/v1/conversations")]),
            ],
        ),
        in_frames(
            "a second head",
            Refused,
            &[head(END_HEADERS), head(END_HEADERS), data(END_STREAM, BODY)],
        ),
        in_frames(
            "a table that is not there",
            Refused,
            &[frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                1,
                &[0xff, 0xff, 0x7f],
            )],
        ),
    ]
}

#[test]
fn what_frames_can_say_reaches_gt_as_one_plain_request_or_not_at_all() {
    let place = Place::new();
    let mut wrong = Vec::new();
    let cases = [pseudo_headers(), headers(), frames()];
    let cases = cases.into_iter().flatten().collect::<Vec<_>>();
    for case in &cases {
        drop(place.gt.take());
        let came = exchange(place.gate.address(), &case.frames);
        let got = place.gt.take();
        let passed = matches!(&came, Came::Answer { status: 200, body } if body.contains("\"for\":\"over-http2\""));
        let refused = match &came {
            Came::Answer { status, .. } => (400..500).contains(status),
            Came::Ended(_) | Came::Closed => true,
        };
        let fits = match case.wanted {
            Passes => passed,
            Refused => refused,
            Either => passed || refused,
        };
        let plain = got.iter().try_for_each(is_plain);
        if !fits || got.len() != usize::from(passed) || plain.is_err() {
            wrong.push(format!(
                "{}: {came:?}, {plain:?}, GT got {got:?}",
                case.name
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

const BODY: &[u8] = br#"{"model":"gpt-4o","messages":[]}"#;
