//! Heads in pieces of every size, and where one begins after another.

use super::*;

/// Whether the head is framed twice, given in pieces of `size`.
fn framed(head: &str, size: usize) -> Framed {
    let mut framings = Framings::new();
    for piece in head.as_bytes().chunks(size) {
        framings.saw(piece, true);
    }
    framings.begins(None)
}

#[test]
fn a_length_beside_chunks_is_seen_in_any_pieces() {
    for head in [
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nhost: a\r\nCONTENT-LENGTH: 3\r\n\r\n",
        "\r\n\nPOST / HTTP/1.1\ntransfer-encoding:chunked\ncontent-length:3\n\n",
        "POST / HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 3\r\nTRANSFER-ENCODING: chunked\r\n\r\n",
    ] {
        for size in 1..=head.len() {
            assert_eq!(framed(head, size), Framed::Twice, "{head:?} by {size}");
        }
    }
}

#[test]
fn one_of_them_or_a_name_that_is_another_is_plain() {
    for head in [
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nx-content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-lengths: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nx: content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /?content-length: HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        for size in 1..=head.len() {
            assert_eq!(framed(head, size), Framed::Plainly, "{head:?} by {size}");
        }
    }
}

#[test]
fn what_follows_a_head_is_not_part_of_it() {
    let mut framings = Framings::new();
    framings.saw(
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n10\r\ncontent-length:3\r\n0\r\n\r\n",
        true,
    );
    assert_eq!(framings.begins(None), Framed::Plainly);
}

#[test]
fn the_next_head_is_found_after_a_body_of_any_kind() {
    const TWICE: &[u8] =
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n";
    for (head, body, length) in [
        ("GET / HTTP/1.1\r\n\r\n", "", Some(0)),
        (
            "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n",
            "he\n\nl",
            Some(5),
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
            "5\r\nhe\r\n\r\r\n0\r\n\r\n",
            None,
        ),
    ] {
        for size in 1..=body.len().max(1) {
            for together in [true, false] {
                let mut framings = Framings::new();
                if together {
                    framings.saw(format!("{head}{body}").as_bytes(), true);
                    assert_eq!(framings.begins(length), Framed::Plainly);
                } else {
                    framings.saw(head.as_bytes(), true);
                    assert_eq!(framings.begins(length), Framed::Plainly);
                    for piece in body.as_bytes().chunks(size) {
                        framings.saw(piece, false);
                    }
                }
                framings.saw(TWICE, true);
                assert_eq!(framings.begins(None), Framed::Twice, "{head:?} {body:?}");
            }
        }
    }
}

#[test]
fn requests_in_one_go_are_told_from_heads_that_were_seen() {
    let two = b"GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut framings = Framings::new();
    framings.saw(two, true);
    assert_eq!(framings.begins(Some(0)), Framed::Plainly);
    assert_eq!(framings.begins(None), Framed::Unseen);
    framings.saw(b"0\r\n\r\n", false);
    framings.saw(b"GET / HTTP/1.1\r\n\r\n", true);
    assert_eq!(framings.begins(Some(0)), Framed::Unseen, "and from then on");
}

#[test]
fn half_a_head_behind_chunks_is_not_taken_for_a_beginning() {
    let mut framings = Framings::new();
    framings.saw(
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        true,
    );
    assert_eq!(framings.begins(None), Framed::Plainly);
    framings.saw(b"0\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 1\r\n", false);
    framings.saw(b"transfer-encoding: chunked\r\n\r\n", true);
    assert_eq!(framings.begins(None), Framed::Unseen);
}

#[test]
fn a_request_behind_a_body_in_its_own_bytes_is_seen_exactly() {
    let mut framings = Framings::new();
    framings.saw(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab", true);
    assert_eq!(framings.begins(Some(2)), Framed::Plainly);
    // Sent before the first is answered.
    framings.saw(
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        false,
    );
    assert_eq!(framings.begins(None), Framed::Plainly);
}
