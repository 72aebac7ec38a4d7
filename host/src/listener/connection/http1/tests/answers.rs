//! Answers are written as hyper's server writes them.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body::Body as _;

use super::hyper::{self, Parts};
use crate::listener::client_io::Output;
use crate::listener::connection::http1::answer::{Asked, Length};
use crate::listener::connection::http1::request;

const REQUESTS: [&str; 6] = [
    "GET / HTTP/1.1\r\n\r\n",
    "HEAD / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
    "HEAD / HTTP/1.0\r\n\r\n",
];

/// What is written here of an answer to this request.
fn writes(request: &[u8], answer: Response<Parts>) -> Vec<u8> {
    let head = request::read(&Bytes::copy_from_slice(request), 1 << 10);
    let head = head.unwrap().unwrap();
    let asked = Asked::by(head.request.method(), head.request.version(), head.framing);
    let (head, mut body) = answer.into_parts();
    let length = match body.size_hint().exact() {
        _ if body.is_end_stream() => Length::Nothing,
        Some(length) => Length::Known(length),
        None => Length::Unknown,
    };
    let mut output = Output::default();
    let framer = asked.write_head(&head, length, false, output.buffer());
    let (mut framer, mut written) = (framer, Vec::new());
    while !framer.is_full() {
        if !output.has_room() {
            output.take(&mut written);
        }
        match body.left.pop_front() {
            Some(piece) => framer.put(piece, &mut output),
            None => framer.end(&mut output).unwrap(),
        }
    }
    output.take(&mut written);
    written
}

fn without_date(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let date = text.find("date: ").unwrap();
    let end = date + text[date..].find("\r\n").unwrap() + 2;
    [&text[..date], &text[end..]].concat()
}

/// hyper promises an HTTP/1.0 client to keep a connection that it closes: one that says `close`, or
/// ends with its body.
fn without_a_promise(answer: &str, says_length: bool) -> String {
    let has_none = [" 204 ", " 304 "]
        .iter()
        .any(|status| answer.contains(status));
    let answer = answer.replacen("connection: close, keep-alive", "connection: close", 1);
    match says_length || has_none {
        true => answer,
        false => answer.replacen("connection: keep-alive\r\n", "", 1),
    }
}

#[test]
fn every_answer_is_written_as_hyper_writes_it() {
    let bodies: [&[usize]; 5] = [&[], &[5], &[1, 4_096, 2], &[5_000], &[5_000, 0, 20_000, 3]];
    let mut count = 0;
    for request in REQUESTS {
        for status in [200, 204, 304, 404, 503, 599] {
            for sizes in bodies {
                for says_length in [true, false] {
                    for close in [true, false] {
                        let pieces = sizes.iter().map(|size| vec![b'x'; *size].into());
                        let body = Parts {
                            left: pieces.collect(),
                            says_length,
                        };
                        let answer = || {
                            let mut answer = Response::new(body.clone());
                            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                            let headers = answer.headers_mut();
                            headers.insert("x-first", "1".parse().unwrap());
                            headers.append("x-twice", "2".parse().unwrap());
                            headers.append("x-twice", "3".parse().unwrap());
                            if close {
                                headers.insert(header::CONNECTION, "close".parse().unwrap());
                            }
                            answer
                        };
                        let ours = without_date(&writes(request.as_bytes(), answer()));
                        let theirs = without_date(&hyper::writes(request.as_bytes(), answer));
                        let theirs = without_a_promise(&theirs, says_length);
                        assert_eq!(ours, theirs, "{request:?} {status} {sizes:?} {says_length}");
                        count += 1;
                    }
                }
            }
        }
    }
    assert_eq!(count, 6 * 6 * 5 * 2 * 2);
}

/// GT may say a length in a way that others read differently.
#[test]
fn a_length_that_is_no_plain_number_frames_nothing() {
    for said in [&["5, 5"] as &[_], &["abc"], &["+5"], &["5", "6"]] {
        for (says_length, framed) in [(true, "content-length: 10"), (false, "chunked")] {
            let body = Parts {
                left: [Bytes::from_static(b"0123456789")].into(),
                says_length,
            };
            let mut answer = Response::new(body);
            for said in said {
                let headers = answer.headers_mut();
                headers.append(header::CONTENT_LENGTH, said.parse().unwrap());
            }
            let written = writes(REQUESTS[0].as_bytes(), answer);
            let written = String::from_utf8(written).unwrap();
            assert_eq!(
                written.matches("-length: ").count(),
                usize::from(says_length)
            );
            assert!(
                written.contains(framed) && written.contains("0123456789"),
                "{written}"
            );
        }
    }
}

/// A length that others read differently is not handed on.
#[test]
fn an_answer_to_a_head_says_one_plain_length() {
    for (said, expected) in [
        (&["5"] as &[_], 1),
        (&["5, 5"], 0),
        (&["+5"], 0),
        (&["5", "5"], 0),
    ] {
        let mut answer = Response::new(Parts {
            left: [].into(),
            says_length: true,
        });
        for said in said {
            let headers = answer.headers_mut();
            headers.append(header::CONTENT_LENGTH, said.parse().unwrap());
        }
        let written = writes(REQUESTS[1].as_bytes(), answer);
        let written = String::from_utf8(written).unwrap();
        assert_eq!(
            written.matches("content-length: ").count(),
            expected,
            "{written}"
        );
    }
}
