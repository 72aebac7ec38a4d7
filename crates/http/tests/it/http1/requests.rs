//! Heads of requests, and what they say of what follows.

use signalbox_http::{
    head::Version,
    http1::{BodyFraming, FieldSlots, HeadError, RequestFraming, request_head},
};

const LARGEST: usize = 1 << 10;

fn framing(head: &str) -> Result<RequestFraming, HeadError> {
    let mut slots = FieldSlots::new();
    let head = request_head(head.as_bytes(), LARGEST, &mut slots)?;
    head.expect("all of it is here").framing()
}

#[test]
fn a_head_is_read_with_the_empty_lines_before_it() {
    let bytes = b"\r\n\nPOST /v1?x HTTP/1.0\r\nHost: a\r\nX:  y \r\n\r\nrest";
    let mut slots = FieldSlots::new();
    let head = request_head(bytes, LARGEST, &mut slots).unwrap().unwrap();
    assert_eq!(
        (head.version, head.method, head.target, head.length),
        (Version::Http10, "POST", "/v1?x", bytes.len() - 4)
    );
    let fields: Vec<_> = head.fields.iter().collect();
    assert_eq!(fields, [("Host", &b"a"[..]), ("X", b"y")]);
}

#[test]
fn a_head_that_is_not_whole_is_waited_for_up_to_its_bound() {
    let long = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(LARGEST));
    for (length, expected) in [
        (0, Ok(true)),
        (1, Ok(true)),
        (LARGEST - 1, Ok(true)),
        (LARGEST, Err(HeadError::TooLarge)),
    ] {
        let mut slots = FieldSlots::new();
        let read = request_head(&long.as_bytes()[..length], LARGEST, &mut slots);
        assert_eq!(read.map(|head| head.is_none()), expected, "{length}");
    }
}

#[test]
fn where_a_body_ends_is_said_by_its_length_or_its_chunks() {
    use BodyFraming::{Chunked, Length};
    for (fields, body, is_framed_twice) in [
        ("", Length(0), false),
        ("content-length: 5\r\n", Length(5), false),
        (
            "content-length: 5\r\nContent-Length: 05\r\n",
            Length(5),
            false,
        ),
        ("transfer-encoding: Chunked\r\n", Chunked, false),
        ("transfer-encoding: gzip, chunked\r\n", Chunked, false),
        (
            "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
            Chunked,
            false,
        ),
        (
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            Chunked,
            true,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: x\r\n",
            Chunked,
            true,
        ),
    ] {
        let said = framing(&format!("POST / HTTP/1.1\r\n{fields}\r\n")).unwrap();
        assert_eq!(
            (said.body, said.is_framed_twice),
            (body, is_framed_twice),
            "{fields}"
        );
        assert_eq!(said.keeps_alive, !is_framed_twice, "{fields}");
    }
}

#[test]
fn framing_that_servers_read_in_different_ways_is_refused() {
    use HeadError::{Length, TooLarge, TransferEncoding};
    for (head, error) in [
        (
            "POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            Length,
        ),
        ("POST / HTTP/1.1\r\ncontent-length: 5, 5\r\n\r\n", Length),
        ("POST / HTTP/1.1\r\ncontent-length: +5\r\n\r\n", Length),
        ("POST / HTTP/1.1\r\ncontent-length:\r\n\r\n", Length),
        (
            "POST / HTTP/1.1\r\ncontent-length: 18446744073709551614\r\n\r\n",
            TooLarge,
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: 18446744073709551616\r\n\r\n",
            Length,
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: x\r\ntransfer-encoding: chunked\r\n\r\n",
            Length,
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
            TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: gz\u{e9}p, chunked\r\n\r\n",
            TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\n",
            TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding:\r\n\r\n",
            TransferEncoding,
        ),
        (
            "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
            TransferEncoding,
        ),
    ] {
        assert_eq!(framing(head), Err(error), "{head}");
    }
}

#[test]
fn a_connection_goes_on_as_its_client_says() {
    for (version, fields, keeps_alive) in [
        ("1.1", "", true),
        ("1.1", "connection: close\r\n", false),
        ("1.1", "connection: \u{e9}\r\n", false),
        ("1.0", "connection: \u{e9}, keep-alive\r\n", false),
        (
            "1.1",
            "connection: x, CLOSE\r\nconnection: keep-alive\r\n",
            false,
        ),
        ("1.0", "", false),
        ("1.0", "connection: Keep-Alive\r\n", true),
        (
            "1.0",
            "connection: keep-alive\r\nconnection: close\r\n",
            false,
        ),
    ] {
        let said = framing(&format!("GET / HTTP/{version}\r\n{fields}\r\n")).unwrap();
        assert_eq!(said.keeps_alive, keeps_alive, "{version} {fields}");
    }
}

#[test]
fn a_client_waits_for_a_word_only_with_a_body_over_http_1_1() {
    for (version, fields, expects) in [
        ("1.1", "expect: 100-Continue\r\ncontent-length: 1\r\n", true),
        (
            "1.1",
            "expect: 100-continue\r\ntransfer-encoding: chunked\r\n",
            true,
        ),
        ("1.1", "expect: 100-continue\r\n", false),
        ("1.1", "expect: else\r\ncontent-length: 1\r\n", false),
        (
            "1.0",
            "expect: 100-continue\r\ncontent-length: 1\r\n",
            false,
        ),
    ] {
        let said = framing(&format!("POST / HTTP/{version}\r\n{fields}\r\n")).unwrap();
        assert_eq!(said.expects_continue, expects, "{version} {fields}");
    }
}
