//! What is said of an answer beside its body: its id, GT's headers, its encoding.

use crate::harness::{Answer, Ask, Gate, Gt};

const STATUS: &str = "/v1/files/file-1";

/// GT answers with these header lines and this body.
fn gt(headers: &'static str, body: &'static [u8]) -> Gt {
    Gt::answering(move |_, reply| reply.with(200, headers, body))
}

fn id(answer: &Answer) -> &str {
    answer.header("x-request-id").expect("an id")
}

fn decision(answer: &Answer) -> &str {
    answer.header("x-signalbox-decision").expect("a decision")
}

#[test]
fn an_answer_has_gts_id() {
    let gt = gt(
        "content-type: application/json\r\nx-request-id: req_gt\r\n",
        b"{}",
    );
    let gate = Gate::before(&gt);
    for ask in [
        Ask::chat("gpt-4o"),
        Ask::chat("gpt-4o").header("x-request-id", "mine"),
    ] {
        assert_eq!(id(&gate.send(&ask)), "req_gt");
    }
    let sent: Vec<_> = gt
        .seen()
        .iter()
        .map(|seen| seen.header("x-request-id").map(str::to_owned))
        .collect();
    assert_eq!(
        sent,
        [None, Some("mine".to_owned())],
        "GT hears the client's id and no other"
    );
}

#[test]
fn an_answer_without_gts_id_has_the_clients() {
    let gate = Gate::before(&Gt::chatty());
    let longest = "x".repeat(128);
    for mine in ["mine", "a-b_c.d~e:f/g=", &longest] {
        for ask in [
            Ask::chat("gpt-4o"),
            Ask::get("/v1/models"),
            Ask::chat("gpt-5"),
            Ask::post("/v1/nothing"),
            Ask::chat("gpt-4o").key("unknown"),
        ] {
            let answer = gate.send(&ask.header("x-request-id", mine));
            assert_eq!(id(&answer), mine, "{}", answer.status);
            assert_ne!(decision(&answer), mine);
        }
    }
}

#[test]
fn an_answer_without_either_has_the_decisions() {
    let gate = Gate::before(&Gt::chatty());
    let too_long = "x".repeat(129);
    for ask in [
        Ask::chat("gpt-4o"),
        Ask::get("/v1/models"),
        Ask::chat("gpt-5"),
        Ask::chat("gpt-4o").key("unknown"),
        Ask::chat("gpt-4o").header("x-request-id", ""),
        Ask::chat("gpt-4o").header("x-request-id", "two words"),
        Ask::chat("gpt-4o").header("x-request-id", "tab\tbed"),
        Ask::chat("gpt-4o").header("x-request-id", "größer"),
        Ask::chat("gpt-4o").header("x-request-id", &too_long),
        Ask::chat("gpt-4o")
            .header("x-request-id", "one")
            .header("x-request-id", "two"),
    ] {
        let answer = gate.send(&ask);
        assert_eq!(id(&answer), decision(&answer));
    }
}

#[test]
fn an_answer_has_an_id_though_decisions_are_not_named() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.answer_headers.decision = false)
        .start();
    for ask in [Ask::chat("gpt-4o"), Ask::chat("gpt-5")] {
        let answer = gate.send(&ask);
        assert_eq!(answer.header("x-signalbox-decision"), None);
        assert_eq!(id(&answer).len(), 32);
    }
}

/// What GT says of its answer, and whether that is the client's: always, only where the bytes are
/// GT's, or never.
const HEADERS: &[(&str, &str, [bool; 2])] = &[
    ("cache-control", "no-store", [true, true]),
    ("content-disposition", "attachment", [true, true]),
    ("content-language", "en", [true, true]),
    ("date", "Mon, 02 Nov 2026 08:00:00 GMT", [true, true]),
    ("expires", "0", [true, true]),
    ("openai-model", "support-agent", [true, true]),
    ("openai-processing-ms", "12", [true, true]),
    ("openai-version", "2020-10-01", [true, true]),
    ("retry-after", "7", [true, true]),
    ("vary", "accept-encoding, origin", [true, true]),
    ("x-gt-conversation-id", "conv_1", [true, true]),
    ("x-ratelimit-limit-requests", "60", [true, true]),
    ("x-ratelimit-remaining-tokens", "100", [true, true]),
    ("x-ratelimit-reset-requests", "1s", [true, true]),
    ("x-request-id", "req_1", [true, true]),
    ("x-should-retry", "false", [true, true]),
    ("accept-ranges", "bytes", [true, false]),
    ("content-digest", "sha-256=:AA==:", [true, false]),
    ("content-md5", "AA==", [true, false]),
    ("digest", "sha-256=AA==", [true, false]),
    ("etag", "\"e\"", [true, false]),
    ("repr-digest", "sha-256=:AA==:", [true, false]),
    ("alt-svc", "h3=\":443\"", [false, false]),
    ("clear-site-data", "\"*\"", [false, false]),
    ("keep-alive", "timeout=5", [false, false]),
    ("location", "/elsewhere", [false, false]),
    ("proxy-authenticate", "Basic", [false, false]),
    ("server", "gt", [false, false]),
    ("set-cookie", "a=b", [false, false]),
    ("strict-transport-security", "max-age=1", [false, false]),
    ("te", "trailers", [false, false]),
    ("trailer", "x-sum", [false, false]),
    ("x-signalbox-test", "forged", [false, false]),
    ("x-named-by-connection", "hop", [false, false]),
];

#[test]
fn gts_headers_pass_as_the_table_says() {
    let gt = Gt::answering(|_, reply| {
        let mut lines = String::from("connection: keep-alive, x-named-by-connection\r\n");
        lines += "content-type: application/json\r\n";
        for (name, value, _) in HEADERS {
            lines += &format!("{name}: {value}\r\n");
        }
        reply.with(200, &lines, br#"{"model":"support-agent"}"#);
    });
    let gate = Gate::before(&gt);
    // The status of a file names no model: its bytes are GT's.
    for (column, ask) in [Ask::get(STATUS), Ask::chat("gpt-4o")].iter().enumerate() {
        let answer = gate.send(ask);
        for (name, value, passes) in HEADERS {
            let expected = passes[column].then_some(*value);
            assert_eq!(answer.header(name), expected, "{name} in column {column}");
        }
    }
}

#[test]
fn a_header_that_comes_twice_comes_twice() {
    let gt = gt(
        "content-type: application/json\r\nvary: origin\r\nvary: accept\r\n",
        b"{}",
    );
    let answer = Gate::before(&gt).send(&Ask::chat("gpt-4o"));
    let vary: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "vary")
        .collect();
    assert_eq!(vary.len(), 2);
}

#[test]
fn trailers_of_gt_are_dropped() {
    for content_type in ["application/json", "audio/mpeg", "text/event-stream"] {
        let gt = Gt::answering(move |_, reply| {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n"
            );
            reply.raw(head.as_bytes());
            reply.chunk("{}");
            reply.raw(b"0\r\nx-sum: 1\r\nset-cookie: a=b\r\n\r\n");
        });
        let gate = Gate::before(&gt);
        let mut client = gate.connect();
        // A trailer would stand where the head of the second answer is read.
        for _ in 0..2 {
            let answer = client.send(&Ask::chat("gpt-4o"));
            assert_eq!(
                (answer.status, answer.text()),
                (200, "{}"),
                "{content_type}"
            );
            assert_eq!(answer.header("trailer"), None);
        }
        assert_eq!(gt.seen()[1].connection, 0, "the connection to GT is kept");
    }
}

#[test]
fn what_cannot_be_restamped_is_refused() {
    for (status, headers) in [
        (
            200,
            "content-type: application/json\r\ncontent-encoding: gzip\r\n",
        ),
        (
            200,
            "content-type: application/json\r\ncontent-encoding: identity, br\r\n",
        ),
        (
            200,
            "content-type: text/event-stream\r\ncontent-encoding: zstd\r\n",
        ),
        (
            404,
            "content-type: application/problem+json\r\ncontent-encoding: deflate\r\n",
        ),
        (
            206,
            "content-type: application/json\r\ncontent-range: bytes 0-1/9\r\n",
        ),
    ] {
        let gt = Gt::answering(move |_, reply| reply.with(status, headers, b"\x1f\x8b"));
        let gate = Gate::before(&gt);
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!(
            answer.refusal(),
            (502, "upstream_protocol".to_owned()),
            "{headers}"
        );
        assert_eq!(gt.only().header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn what_is_not_restamped_passes_compressed() {
    let compressed = b"\x1f\x8b\x08\x00 not looked at";
    for (ask, content_type) in [
        // Nothing in it is restamped, so GT may compress for a client that reads that.
        (Ask::get(STATUS), "application/json"),
        // A model was asked for; the answer is no JSON all the same.
        (Ask::chat("gpt-4o"), "audio/mpeg"),
    ] {
        let gt = Gt::answering(move |_, reply| {
            let headers = format!("content-type: {content_type}\r\ncontent-encoding: gzip\r\n");
            reply.with(200, &headers, compressed);
        });
        let answer = Gate::before(&gt).send(&ask.header("accept-encoding", "gzip, br;q=0.5"));
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.body, compressed);
    }
}

#[test]
fn gt_is_asked_for_plain_answers() {
    let gt = gt("content-type: application/json\r\n", b"{}");
    let gate = Gate::before(&gt);
    for ask in [
        Ask::get(STATUS),
        Ask::get(STATUS).header("accept-encoding", "gzip, br;q=0.5"),
        Ask::chat("gpt-4o"),
        Ask::chat("gpt-4o").header("accept-encoding", "gzip"),
    ] {
        assert_eq!(gate.send(&ask).status, 200);
        let seen = gt.seen().pop().unwrap();
        assert_eq!(
            seen.header("accept-encoding"),
            Some("identity"),
            "{}",
            seen.line
        );
    }
}

#[test]
fn compressed_bodies_are_refused_on_every_route_that_takes_one() {
    let gt = gt("content-type: application/json\r\n", b"{}");
    let gate = Gate::before(&gt);
    let multipart = |target| {
        Ask::post(target)
            .header("content-type", "multipart/form-data; boundary=b")
            .header("x-gt-conversation-id", "c")
            .body(b"--b--\r\n")
    };
    for ask in [
        Ask::chat("gpt-4o"),
        Ask::post("/v1/embeddings").json(r#"{"model":"gpt-4o","input":"x"}"#),
        Ask::post("/v1/conversations").json(r#"{"model":"gpt-4o"}"#),
        multipart("/v1/audio/transcriptions").without("x-gt-conversation-id"),
        multipart("/v1/conversations/files"),
        multipart("/v1/datasets/briefs/files").without("x-gt-conversation-id"),
    ] {
        for encoding in [
            "gzip",
            "x-gzip",
            "deflate",
            "br",
            "zstd",
            "identity",
            "gzip, identity",
            "",
            "unheard-of",
        ] {
            let answer = gate.send(&ask.clone().header("content-encoding", encoding));
            assert_eq!(
                answer.refusal(),
                (415, "unsupported_media_type".to_owned()),
                "{encoding:?} for {}",
                String::from_utf8_lossy(&ask.head())
            );
        }
        let twice = ask
            .header("content-encoding", "identity")
            .header("content-encoding", "identity");
        assert_eq!(gate.send(&twice).status, 415);
    }
    assert_eq!(gt.seen().len(), 0);
}
