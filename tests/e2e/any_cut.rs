//! Any body in any cut reaches GT with its one value changed, and any answer in any cut the client,
//! through the real host and real sockets: what is written at once, framed as a chunk and read at
//! once has nothing to do with each other.

use std::{io::Write, net::TcpStream};

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use signalbox_harness::{
    gate::{DEMO, Gate, Setup},
    http::{Answer, read_answer},
    recorder::Recorder,
};

use crate::{
    json_bodies::{cut, object},
    naive_json::{Verdict, members, verdict},
};

/// A body with the one model it needs, if it has none that is in the way.
fn with_model(body: &str, first: bool) -> String {
    match verdict(body.as_bytes()) {
        Verdict::Named(_, span) => {
            format!("{}\"gpt-4o\"{}", &body[..span.start], &body[span.end..])
        }
        Verdict::Absent => {
            let (open, close) = (body.find('{').unwrap_or(0), body.rfind('}').unwrap_or(0));
            let is_empty = members(body.as_bytes()).is_none_or(|members| members.is_empty());
            let comma = if is_empty { "" } else { "," };
            if first {
                let (before, after) = body.split_at(open + 1);
                format!("{before}\"mod\\u0065l\" : \"gpt-4o\"{comma}{after}")
            } else {
                let (before, after) = body.split_at(close);
                format!("{before}{comma}\"model\":\"gpt-4o\"{after}")
            }
        }
        // Its `model` is in the way: it goes as it is, and is refused.
        Verdict::Refused => body.to_owned(),
    }
}

/// The text with every top-level `model` string replaced, by way of a tree.
fn renamed(text: &str, name: &str) -> String {
    let mut out = text.to_owned();
    for member in members(text.as_bytes()).expect("JSON").into_iter().rev() {
        if member.key == "model" && member.string.is_some() {
            out.replace_range(member.span, &format!("\"{name}\""));
        }
    }
    out
}

/// An answer of GT's, and as the client must see it.
#[derive(Clone, Debug)]
struct FromGt {
    content_type: &'static str,
    sent: String,
    expected: String,
}

fn from_gt() -> impl Strategy<Value = FromGt> {
    let json = object().prop_map(|text| FromGt {
        content_type: "application/json",
        expected: renamed(&text, "gpt-4o"),
        sent: text,
    });
    let line_end = proptest::sample::select(&["\n", "\r\n", "\r"][..]);
    let event = (
        object(),
        proptest::sample::select(&["", ": c", "event: x", "data"][..]),
    );
    let events = (vec(event, 0..4), line_end).prop_map(|(events, end)| {
        let (mut sent, mut expected) = (String::new(), String::new());
        for (text, before) in events {
            // White space alone: in strings it is escaped.
            let text = text.replace(['\r', '\n'], " ");
            let before = if before.is_empty() {
                String::new()
            } else {
                format!("{before}{end}")
            };
            sent += &format!("{before}data: {text}{end}{end}");
            expected += &format!("{before}data: {}{end}{end}", renamed(&text, "gpt-4o"));
        }
        let content_type = "text/event-stream";
        FromGt {
            content_type,
            sent,
            expected,
        }
    });
    prop_oneof![json, events]
}

/// Bytes as chunks, or under a length.
fn framed(body: &[u8], chunks: Option<&[Index]>) -> Vec<u8> {
    let Some(chunks) = chunks else {
        return [
            format!("content-length: {}\r\n\r\n", body.len()).as_bytes(),
            body,
        ]
        .concat();
    };
    let mut out = b"transfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in cut(body, chunks)
        .into_iter()
        .filter(|chunk| !chunk.is_empty())
    {
        out.extend(format!("{:x}\r\n", chunk.len()).bytes());
        out.extend(chunk);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n\r\n");
    out
}

/// Sends a body in these pieces and reads the answer.
fn ask(gate: &Gate, framed: &[u8], pieces: &[Index]) -> Answer {
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gate.example\r\nauthorization: Bearer {DEMO}\r\n\
         content-type: application/json\r\nconnection: close\r\n"
    );
    let bytes = [head.as_bytes(), framed].concat();
    let mut stream = TcpStream::connect(gate.address()).expect("the gate listens");
    stream.set_nodelay(true).expect("a socket takes it");
    for piece in cut(&bytes, pieces) {
        stream.write_all(piece).expect("the gate reads");
    }
    read_answer(&mut stream)
}

#[test]
fn any_body_and_any_answer_in_any_cut_pass_but_for_the_one_value() {
    let gt = Recorder::start();
    let gate = Setup::demo().upstream(gt.address()).start();
    let cuts = || vec(any::<Index>(), 0..12);
    let body = (object(), any::<bool>()).prop_map(|(body, first)| with_model(&body, first));
    let there = (body, proptest::option::of(cuts()), cuts());
    let back = (from_gt(), proptest::option::of(cuts()), cuts());
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(CASES)
    });
    let outcome = runner.run(
        &(there, back),
        |((body, chunks, pieces), (answer, framing, parts))| {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {}\r\n",
                answer.content_type
            );
            let whole = [
                head.as_bytes(),
                &framed(answer.sent.as_bytes(), framing.as_deref()),
            ]
            .concat();
            gt.answer_next(
                cut(&whole, &parts)
                    .into_iter()
                    .map(<[u8]>::to_vec)
                    .collect(),
            );
            let seen = ask(&gate, &framed(body.as_bytes(), chunks.as_deref()), &pieces);
            let got = gt.take();
            if !matches!(verdict(body.as_bytes()), Verdict::Named(name, _) if name == "gpt-4o") {
                prop_assert_eq!((seen.status, got.len()), (400, 0), "{}", seen.text());
                return Ok(());
            }
            prop_assert_eq!((seen.status, got.len()), (200, 1), "{}", seen.text());
            let sent = String::from_utf8_lossy(&got[0].body).into_owned();
            prop_assert_eq!(sent, renamed(&body, "support-agent"));
            prop_assert_eq!(seen.text(), answer.expected);
            Ok(())
        },
    );
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// Each takes a connection; the crates' own tests try thousands without one.
const CASES: u32 = 300;
