//! Heads: what is one, and what is none.

use proptest::prelude::*;
use signalbox_http::http1::{HeadError, HeadScan, MAX_FIELDS, MAX_HEAD};

use super::{head, whole};

fn field(name: &str, value: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), value.to_vec())
}

#[test]
fn fields_are_as_they_were_written() {
    let bytes = b"HTTP/1.1 200 OK\r\nA: 1\r\nb:\t two  \r\nA:\r\nlatin: \xe9\r\n\r\nbody";
    let (status, fields, length) = whole(bytes).unwrap().unwrap();
    let expected = [
        field("A", b"1"),
        field("b", b"two"),
        field("A", b""),
        field("latin", b"\xe9"),
    ];
    assert_eq!((status, fields.as_slice()), (200, expected.as_slice()));
    assert_eq!(&bytes[length..], b"body");
}

#[test]
fn what_is_no_head_is_refused_wherever_it_is_cut() {
    let cases: &[(&[u8], HeadError)] = &[
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", HeadError::Version),
        (b"HTTP/2.0 200 OK\r\n\r\n", HeadError::Version),
        (b"HTTP/1.2 200 OK\r\n\r\n", HeadError::Version),
        (b"HTTP/1.1 20 OK\r\n\r\n", HeadError::FirstLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n", HeadError::FirstLine),
        (b"HTTP/1.1 099 OK\r\n\r\n", HeadError::FirstLine),
        (b"HTTP/1.1 200 O\0K\r\n\r\n", HeadError::FirstLine),
        (b"HTTP/1.1 200 OK\r\na : b\r\n\r\n", HeadError::FieldName),
        (
            b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
            HeadError::FieldName,
        ),
        (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", HeadError::FieldName),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HeadError::FieldName),
        (
            b"HTTP/1.1 200 OK\r\n\xc3\xa9: b\r\n\r\n",
            HeadError::FieldName,
        ),
        (b"HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", HeadError::FieldValue),
        (b"HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n", HeadError::FieldValue),
        (b"HTTP/1.1 200 OK\r\na: \x7f\r\n\r\n", HeadError::FieldValue),
        (
            b"HTTP/1.1 200 OK\r\na: b\r\n\rx\r\n\r\n",
            HeadError::LineEnd,
        ),
    ];
    for (bytes, error) in cases {
        for size in 1..=bytes.len() {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(head(bytes, size), Err(*error), "{shown:?} by {size}");
        }
    }
}

#[test]
fn lines_may_end_with_a_line_feed_alone_as_hyper_has_it() {
    let (status, fields, _) = whole(b"HTTP/1.1 200 OK\na: b\n\nrest").unwrap().unwrap();
    assert_eq!((status, fields), (200, vec![field("a", b"b")]));
}

#[test]
fn a_head_has_its_bounds() {
    let with = |fields: usize| {
        let fields = "a: b\r\n".repeat(fields);
        format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes()
    };
    assert!(whole(&with(MAX_FIELDS)).unwrap().is_some());
    assert_eq!(whole(&with(MAX_FIELDS + 1)), Err(HeadError::TooManyFields));
    let long = |length: usize| {
        let rest = "HTTP/1.1 200 OK\r\na: \r\n\r\n".len();
        let value = "x".repeat(length - rest);
        format!("HTTP/1.1 200 OK\r\na: {value}\r\n\r\n").into_bytes()
    };
    for size in [1_000, usize::MAX >> 1] {
        let longest = long(MAX_HEAD);
        assert_eq!(head(&longest, size).unwrap().unwrap().2, MAX_HEAD);
        assert_eq!(head(&long(MAX_HEAD + 1), size), Err(HeadError::TooLarge));
    }
    let endless = &long(2 * MAX_HEAD)[..MAX_HEAD];
    assert_eq!(head(endless, 1_000), Err(HeadError::TooLarge));
    assert_eq!(head(&endless[1..], 1_000), Err(HeadError::Version));
    assert_eq!(head(&endless[..MAX_HEAD - 1], 1_000), Ok(None));
}

#[test]
fn a_head_that_never_ends_is_worth_reading_once_it_is_too_long() {
    let endless = b"a: b\r\n".repeat(MAX_HEAD);
    let endless = [b"HTTP/1.1 200 OK\r\n", &endless[..]].concat();
    for size in [1_000, 4_096, MAX_HEAD] {
        let mut scan = HeadScan::new(MAX_HEAD);
        let mut came = (1..).map(|pieces| &endless[..pieces * size]);
        let refused = came.find(|came| scan.is_worth_reading(came) && whole(came).is_err());
        assert!(refused.is_some_and(|came| came.len() < MAX_HEAD + size));
    }
}

proptest! {
    #[test]
    fn a_head_is_the_same_wherever_it_is_cut(
        fields in prop::collection::vec(("[A-Za-z!#-]{1,12}", "[ -~\t]{0,20}"), 0..20),
        status in 100_u16..1000,
        body in prop::collection::vec(any::<u8>(), 0..30),
        size in 1_usize..60,
    ) {
        let mut bytes = format!("HTTP/1.1 {status} \r\n").into_bytes();
        for (name, value) in &fields {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(b"\r\n");
        let length = bytes.len();
        bytes.extend(body);
        let trimmed = fields.iter().map(|(name, value)| field(name, value.trim().as_bytes()));
        let expected = Some((status, trimmed.collect(), length));
        prop_assert_eq!(&head(&bytes, size), &Ok(expected.clone()));
        prop_assert_eq!(whole(&bytes), Ok(expected));
    }

    #[test]
    fn bytes_are_the_same_wherever_they_are_cut(
        bytes in "(HTTP/1\\.[01] [0-9]{3} x\r?\n)?([a: \r\n\t\0é]|a: b\r\n){0,60}",
        size in 1_usize..20,
    ) {
        let bytes = bytes.as_bytes();
        prop_assert_eq!(head(bytes, size), whole(bytes));
    }
}
