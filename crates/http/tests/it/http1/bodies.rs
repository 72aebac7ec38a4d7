//! Bodies, cut everywhere.

use proptest::prelude::*;
use signalbox_http::http1::{
    BodyDecoder, BodyError, BodyFraming, CHUNK_END, LAST_CHUNK, LAST_CHUNK_AFTER_CONTENT,
    chunk_size, content_length,
};

use super::{Read, body};

/// Reads bytes at every cut, and says what every one of them gives.
fn at_every_cut(framing: BodyFraming, bytes: &[u8], closes: bool) -> Read {
    let read = body(framing, bytes, bytes.len(), closes);
    for size in 1..bytes.len() {
        let cut = body(framing, bytes, size, closes);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(cut, read, "{shown:?} by {size}");
    }
    read
}

fn chunked(bytes: &[u8]) -> (Vec<u8>, Option<Result<(), BodyError>>) {
    let read = at_every_cut(BodyFraming::Chunked, bytes, true);
    (read.content, read.ended)
}

#[test]
fn chunks_are_read_to_the_last_and_no_further() {
    let bytes = b"5\r\nhello\r\n00001 \t;ext=\"a\"\r\n!\r\nA;x\r\n0123456789\r\n0\r\n\r\nHTTP/1.1";
    let read = at_every_cut(BodyFraming::Chunked, bytes, false);
    assert_eq!(read.content, b"hello!0123456789");
    assert_eq!(read.ended, Some(Ok(())));
    let whole = body(BodyFraming::Chunked, bytes, bytes.len(), false);
    assert_eq!(whole.left, b"HTTP/1.1");
}

#[test]
fn trailer_fields_are_left_out() {
    let bytes = b"1\r\na\r\n0\r\nx-a: b\r\nx-c:\r\nx: \xe9\t~\r\n\r\n";
    assert_eq!(chunked(bytes), (b"a".to_vec(), Some(Ok(()))));
}

#[test]
fn what_is_wrong_with_chunks_ends_them_after_what_came_before() {
    use BodyError::{ChunkEnd, ChunkSize, Trailer, Truncated};
    let cases: &[(&[u8], &[u8], BodyError)] = &[
        (b"", b"", Truncated),
        (b"\r\n", b"", ChunkSize),
        (b"x\r\n", b"", ChunkSize),
        (b" 1\r\na", b"", ChunkSize),
        (b"-1\r\na", b"", ChunkSize),
        (b"0x1\r\na", b"", ChunkSize),
        (b"1 1\r\na", b"", ChunkSize),
        (b"1\na\r\n", b"", ChunkSize),
        (b"11111111111111111\r\n", b"", ChunkSize),
        (b"00000000000000001\r\n", b"", ChunkSize),
        (b"1\rx", b"", ChunkEnd),
        (b"1;a\nb\r\n", b"", ChunkEnd),
        (b"1;a\rb\r\n", b"", ChunkEnd),
        (b"1", b"", Truncated),
        (b"1\r\n", b"", Truncated),
        (b"3\r\nab", b"ab", Truncated),
        (b"1\r\na", b"a", Truncated),
        (b"1\r\nab", b"a", ChunkEnd),
        (b"1\r\na\n", b"a", ChunkEnd),
        (b"1\r\na\rb", b"a", ChunkEnd),
        (b"1\r\na\r\n", b"a", Truncated),
        (b"1\r\na\r\n\r\n", b"a", ChunkSize),
        (b"0\r\n", b"", Truncated),
        (b"0\r\n\r", b"", Truncated),
        (b"0\r\n\rx", b"", Trailer),
        (b"0\r\n\n", b"", Trailer),
        (b"0\r\na\r\n\r\n", b"", Trailer),
        (b"0\r\n: b\r\n\r\n", b"", Trailer),
        (b"0\r\na : b\r\n\r\n", b"", Trailer),
        (b"0\r\na: b\n\r\n", b"", Trailer),
        (b"0\r\na: \0\r\n\r\n", b"", Trailer),
        (b"0\r\na: b\r\n c\r\n\r\n", b"", Trailer),
        (b"0\r\na: b\r\n", b"", Truncated),
    ];
    for (bytes, content, error) in cases {
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(
            chunked(bytes),
            (content.to_vec(), Some(Err(*error))),
            "{shown:?}"
        );
    }
}

#[test]
fn what_is_around_chunks_has_its_bounds() {
    let longest = 16 << 10;
    let ended = |bytes: &str| {
        let read = |size| body(BodyFraming::Chunked, bytes.as_bytes(), size, true).ended;
        assert_eq!(read(7), read(bytes.len()));
        read(bytes.len()).unwrap()
    };
    let extension = |length| format!("0;{}\r\n\r\n", "x".repeat(length));
    assert_eq!(ended(&extension(longest - 1)), Ok(()));
    assert_eq!(
        ended(&extension(longest)),
        Err(BodyError::TooManyExtensions)
    );
    let blanks = format!("0{}\r\n\r\n", " ".repeat(longest));
    assert_eq!(ended(&blanks), Err(BodyError::TooManyExtensions));
    let small = format!("{}0\r\n\r\n", "1;x\r\na\r\n".repeat(longest));
    assert_eq!(ended(&small), Err(BodyError::TooManyExtensions));
    let trailer = |length: usize| format!("0\r\na:{}\r\n\r\n", "x".repeat(length - 6));
    assert_eq!(ended(&trailer(longest - 1)), Ok(()));
    assert_eq!(ended(&trailer(longest)), Err(BodyError::TooManyTrailers));
    let trailers = |count| format!("0\r\n{}\r\n", "a:b\r\n".repeat(count));
    assert_eq!(ended(&trailers(128)), Ok(()));
    assert_eq!(ended(&trailers(129)), Err(BodyError::TooManyTrailers));
}

#[test]
fn a_body_with_a_length_ends_with_it() {
    let read = body(BodyFraming::Length(5), b"hello HTTP", 3, false);
    assert_eq!(
        (read.content, read.ended),
        (b"hello".to_vec(), Some(Ok(())))
    );
    let short = at_every_cut(BodyFraming::Length(5), b"hell", true);
    assert_eq!(
        (short.content, short.ended),
        (b"hell".to_vec(), Some(Err(BodyError::Truncated)))
    );
    let none = body(BodyFraming::Length(0), b"HTTP", 4, true);
    assert_eq!((none.content, none.left), (Vec::new(), b"HTTP".to_vec()));
}

#[test]
fn a_body_without_a_length_ends_with_the_stream() {
    let read = at_every_cut(BodyFraming::UntilClose, b"hello", true);
    assert_eq!(
        (read.content, read.ended),
        (b"hello".to_vec(), Some(Ok(())))
    );
    assert_eq!(
        body(BodyFraming::UntilClose, b"hello", 5, false).ended,
        None
    );
}

#[test]
fn what_remains_is_known_where_it_can_be() {
    let mut length = BodyDecoder::new(BodyFraming::Length(u64::MAX));
    assert_eq!(length.decode(b"abc").unwrap().content, 3);
    assert_eq!(length.remaining(), Some(u64::MAX - 3));
    let mut chunks = BodyDecoder::new(BodyFraming::Chunked);
    assert_eq!(chunks.remaining(), None);
    let last = chunks.decode(b"1\r\na\r\n0\r\n\r\n").unwrap();
    assert_eq!((last.before, last.content, last.after), (3, 1, 7));
    assert_eq!((chunks.remaining(), chunks.is_done()), (Some(0), true));
    assert_eq!(BodyDecoder::new(BodyFraming::UntilClose).remaining(), None);
}

#[test]
fn numbers_are_written_as_they_are_read() {
    let mut out = Vec::new();
    for size in [1, 9, 10, 15, 16, 255, 4096, usize::MAX] {
        out.clear();
        chunk_size(&mut out, size);
        assert_eq!(out, format!("{size:X}\r\n").as_bytes());
        out.clear();
        content_length(&mut out, size as u64);
        assert_eq!(out, format!("content-length: {size}\r\n").as_bytes());
    }
    out.clear();
    content_length(&mut out, 0);
    assert_eq!(out, b"content-length: 0\r\n");
}

proptest! {
    #[test]
    fn what_is_written_in_chunks_is_read_again(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..12),
        size in 1_usize..700,
        ends_with_content in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            chunk_size(&mut bytes, piece.len());
            bytes.extend(piece);
            let is_last = ends_with_content && at + 1 == pieces.len();
            bytes.extend(if is_last { LAST_CHUNK_AFTER_CONTENT } else { CHUNK_END });
        }
        if !ends_with_content || pieces.is_empty() {
            bytes.extend(LAST_CHUNK);
        }
        let read = body(BodyFraming::Chunked, &bytes, size, false);
        prop_assert_eq!(read.content, pieces.concat());
        prop_assert_eq!(read.ended, Some(Ok(())));
    }

    #[test]
    fn any_bytes_are_the_same_wherever_they_are_cut(
        bytes in "([0-9a-f]{1,2}|[0-9a-fx;: \r\n]|\r\n|1\r\nx\r\n|0\r\n){0,40}",
        size in 1_usize..20,
    ) {
        let bytes = bytes.as_bytes();
        let whole = body(BodyFraming::Chunked, bytes, bytes.len(), true);
        let cut = body(BodyFraming::Chunked, bytes, size, true);
        prop_assert_eq!((cut.content, cut.ended), (whole.content, whole.ended));
    }
}
