//! Where a body ends, and whether its connection goes on.

use signalbox_http::http1::BodyFraming::{self, Chunked, Length, UntilClose};
use signalbox_http::http1::{FieldSlots, HeadError, response_head};

/// What the head of a response says.
fn said(line: &str, fields: &str, to_head: bool) -> Result<(BodyFraming, bool), HeadError> {
    let bytes = format!("{line}\r\n{fields}\r\n");
    let mut slots = FieldSlots::new();
    let head = response_head(bytes.as_bytes(), &mut slots).unwrap();
    let framing = head.unwrap().framing(to_head)?;
    Ok((framing.body, framing.keeps_alive))
}

fn of(fields: &str) -> Result<(BodyFraming, bool), HeadError> {
    said("HTTP/1.1 200 OK", fields, false)
}

#[test]
fn a_body_ends_as_its_head_says() {
    assert_eq!(of("content-length: 5\r\n"), Ok((Length(5), true)));
    assert_eq!(of("Content-Length: 0\r\n"), Ok((Length(0), true)));
    assert_eq!(of("Transfer-Encoding: Chunked\r\n"), Ok((Chunked, true)));
    assert_eq!(of(""), Ok((UntilClose, false)));
}

#[test]
fn a_length_may_be_said_again_but_not_otherwise() {
    for same in ["5, 5", "5,5 , 5", "5\r\ncontent-length: 5", "005, 5"] {
        let said = of(&format!("content-length: {same}\r\n"));
        assert_eq!(said, Ok((Length(5), true)), "{same}");
    }
    let wrong = [
        "5, 6",
        "5\r\ncontent-length: 6",
        "6, 5, 5",
        "+5",
        "-5",
        "5;",
        "0x5",
        "5 5",
        "",
        ",",
        "5,",
        "five",
        "٥",
        "9223372036854775808",
        "18446744073709551621",
    ];
    for wrong in wrong {
        let said = of(&format!("content-length: {wrong}\r\n"));
        assert_eq!(said, Err(HeadError::Length), "{wrong}");
    }
    let longest = of("content-length: 9223372036854775807\r\n");
    assert_eq!(longest, Ok((Length(9_223_372_036_854_775_807), true)));
}

#[test]
fn chunks_outweigh_a_length_and_end_the_connection() {
    for length in ["5", "nonsense", "5\r\ncontent-length: 6"] {
        let fields = format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n");
        assert_eq!(of(&fields), Ok((Chunked, false)), "{length}");
    }
}

#[test]
fn a_coding_that_nobody_asked_for_is_not_read() {
    let codings = [
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "identity",
        "",
        "xchunked",
        "chunked;q=1",
        "chunked\r\ntransfer-encoding: chunked",
        "gzip\r\ntransfer-encoding: chunked",
        "chunked\r\ntransfer-encoding: gzip",
    ];
    for coding in codings {
        let said = of(&format!("transfer-encoding: {coding}\r\n"));
        assert_eq!(said, Err(HeadError::TransferEncoding), "{coding}");
    }
    let old = said("HTTP/1.0 200 OK", "transfer-encoding: chunked\r\n", false);
    assert_eq!(old, Err(HeadError::TransferEncoding));
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    let fields = "content-length: 5\r\n";
    for line in [
        "HTTP/1.1 204 No",
        "HTTP/1.1 304 No",
        "HTTP/1.1 100 Go",
        "HTTP/1.1 199 x",
    ] {
        assert_eq!(said(line, fields, false), Ok((Length(0), true)), "{line}");
    }
    assert_eq!(said("HTTP/1.1 200 OK", fields, true), Ok((Length(0), true)));
    assert_eq!(said("HTTP/1.1 200 OK", "", true), Ok((Length(0), true)));
}

#[test]
fn nobody_asked_for_another_protocol() {
    let switched = said("HTTP/1.1 101 Go", "upgrade: x\r\n", false);
    assert_eq!(switched, Err(HeadError::SwitchedProtocol));
}

#[test]
fn a_connection_goes_on_unless_either_side_says_that_it_ends() {
    let cases = [
        ("HTTP/1.1 200 OK", "", true),
        ("HTTP/1.1 200 OK", "connection: keep-alive\r\n", true),
        ("HTTP/1.1 200 OK", "connection: Close\r\n", false),
        ("HTTP/1.1 200 OK", "connection: a, close ,b\r\n", false),
        ("HTTP/1.1 200 OK", "connection: \u{e9}, close\r\n", false),
        ("HTTP/1.1 200 OK", "connection: \u{e9}\r\n", false),
        (
            "HTTP/1.0 200 OK",
            "connection: \u{e9}, keep-alive\r\n",
            false,
        ),
        (
            "HTTP/1.1 200 OK",
            "connection: close\r\nconnection: keep-alive\r\n",
            false,
        ),
        ("HTTP/1.1 200 OK", "connection: closed\r\n", true),
        ("HTTP/1.0 200 OK", "", false),
        ("HTTP/1.0 200 OK", "connection: keep-alive\r\n", true),
        (
            "HTTP/1.0 200 OK",
            "connection: keep-alive, close\r\n",
            false,
        ),
    ];
    for (line, fields, keeps) in cases {
        let fields = format!("content-length: 1\r\n{fields}");
        let said = said(line, &fields, false);
        assert_eq!(said, Ok((Length(1), keeps)), "{line} {fields}");
    }
}
