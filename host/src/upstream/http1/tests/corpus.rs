//! What servers answer, by accident and by intent; and where we take less of it than hyper.

/// An answer, and why we are stricter about it than hyper, if we are.
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) stricter: Option<&'static str>,
}

fn case(bytes: impl AsRef<[u8]>) -> Case {
    Case {
        method: "GET",
        bytes: bytes.as_ref().to_vec(),
        stricter: None,
    }
}

/// The answer to a HEAD.
fn to_head(bytes: &str) -> Case {
    let method = "HEAD";
    Case {
        method,
        ..case(bytes)
    }
}

/// One of which hyper takes more.
fn stricter(reason: &'static str, bytes: impl AsRef<[u8]>) -> Case {
    let stricter = Some(reason);
    Case {
        stricter,
        ..case(bytes)
    }
}

/// An answer with these fields and this body.
fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}")
}

fn chunks(body: &str) -> Case {
    case(ok("transfer-encoding: chunked\r\n", body))
}

pub(super) fn corpus() -> Vec<Case> {
    let parts = [heads(), lengths(), chunked(), connections(), deviations()];
    parts.into_iter().flatten().collect()
}

fn heads() -> Vec<Case> {
    let fields = |count| ok(&"a: b\r\n".repeat(count), "");
    vec![
        case(""),
        case("\r\n\r\n"),
        case("\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"),
        case("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        case("HTTP"),
        case("HTTP/1.1 200 OK\r\ncontent-le"),
        case("HTTP/1.1 200 OK\r\na: b\0\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\na : b\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\n a: b\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\n: b\r\n\r\n"),
        case("HTTP/1.1 200 OK\r\na\r\n\r\n"),
        case("HTTP/1.1 200 OK\na: b\ncontent-length: 1\n\nx"),
        case("HTTP/1.1 200 OK\r\na:b\r\nA: c\r\nempty:\r\nb:  d \t\r\ncontent-length: 0\r\n\r\n"),
        case(b"HTTP/1.1 200 \xe9\r\na: \xe9\xff\r\ncontent-length: 0\r\n\r\n"),
        case("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"),
        case("HTTP/1.1  200 OK\r\ncontent-length: 0\r\n\r\n"),
        case("HTTP/1.1 2x0 OK\r\n\r\n"),
        case("HTTP/1.1 099 OK\r\n\r\n"),
        case("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"),
        case("HTTP/0.9 200 OK\r\n\r\n"),
        case("HTTP/2 200\r\n\r\n"),
        case("HTTP/3.0 200 OK\r\n\r\n"),
        case("GET / HTTP/1.1\r\n\r\n"),
        case(fields(127)),
        case(fields(128)),
        case(fields(129)),
        case(ok(&format!("a: {}\r\n", "x".repeat(60_000)), "until close")),
        case("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"),
        case(
            "HTTP/1.1 103 Early\r\nlink: a\r\n\r\n".repeat(300) + &ok("content-length: 0\r\n", ""),
        ),
        case("HTTP/1.1 100 Continue\r\n\r\n"),
        case("HTTP/1.1 100 Continue\r\ncontent-length: 5\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
        case("HTTP/1.1 100 Continue\r\n\r\nnonsense\r\n\r\n"),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        case(ok("content-length: 5\r\n", "hello")),
        case(ok("content-length: 5\r\n", "hell")),
        case(ok("content-length: 5\r\n", "hello!")),
        case(ok(
            "content-length: 5\r\n",
            "helloHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        )),
        case(ok("content-length: 0\r\n", "")),
        case(ok("content-length: 0\r\n", "x")),
        case(ok("content-length: 5\r\ncontent-length: 5\r\n", "hello")),
        case(ok("content-length: 5, 5\r\n", "hello")),
        case(ok("content-length: 5\r\ncontent-length: 6\r\n", "hello!")),
        case(ok("content-length: +5\r\n", "hello")),
        case(ok("content-length: -5\r\n", "hello")),
        case(ok("content-length: 5x\r\n", "hello")),
        case(ok("content-length:\r\n", "hello")),
        case(ok("content-length: 18446744073709551616\r\n", "hello")),
        case(ok("", "until close")),
        case(ok("", "")),
        to_head("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        to_head("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        to_head("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        to_head("HTTP/1.1 200 OK\r\n\r\n"),
        case("HTTP/1.1 204 No\r\n\r\n"),
        case("HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\nhello"),
        case("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
        case("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]
}

fn chunked() -> Vec<Case> {
    vec![
        chunks("5\r\nhello\r\n0\r\n\r\n"),
        chunks("5\r\nhello\r\n0\r\n\r\nmore"),
        chunks("A;a=b\r\n0123456789\r\n0;c\r\n\r\n"),
        chunks("a \t\r\n0123456789\r\n0\r\n\r\n"),
        chunks("5\r\nhello\r\n0\r\nx-a: b\r\nx-b:\r\n\r\n"),
        chunks(""),
        chunks("5\r\nhello\r\n"),
        chunks("5\r\nhello"),
        chunks("5\r\nhel"),
        chunks("5\r\nhello\r\n0\r\n"),
        chunks("5\r\nhelloo\r\n0\r\n\r\n"),
        chunks("5\nhello\r\n0\r\n\r\n"),
        chunks("5\r\nhello\n0\r\n\r\n"),
        chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"),
        chunks("x\r\n"),
        chunks(" 5\r\nhello\r\n0\r\n\r\n"),
        chunks("0x5\r\nhello\r\n0\r\n\r\n"),
        chunks("5 5\r\nhello\r\n0\r\n\r\n"),
        chunks("fffffffffffffffff\r\nhello"),
        chunks("ffffffffffffffff\r\nhello"),
        chunks(&format!("1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(16_383))),
        chunks(&format!("1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(16_384))),
        chunks(&"1;aaaa\r\nx\r\n".repeat(4_096)),
        chunks(&format!("0\r\na:{}\r\n\r\n", "x".repeat(16_377))),
        chunks(&format!("0\r\na:{}\r\n\r\n", "x".repeat(16_378))),
        chunks(&format!("0\r\n{}\r\n", "a:b\r\n".repeat(128))),
        chunks(&format!("0\r\n{}\r\n", "a:b\r\n".repeat(129))),
        chunks("0\r\na b\r\n\r\n"),
        chunks("0\r\na: \0\r\n\r\n"),
        chunks("0\r\na: b\r\n c\r\n\r\n"),
        chunks("0\r\na: b\nc: d\r\n\r\n"),
        case("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]
}

fn connections() -> Vec<Case> {
    let with =
        |line: &str, fields: &str| case(format!("{line}\r\n{fields}content-length: 1\r\n\r\nx"));
    vec![
        with("HTTP/1.1 200 OK", "connection: close\r\n"),
        with("HTTP/1.1 200 OK", "connection: Keep-Alive, CLOSE\r\n"),
        with(
            "HTTP/1.1 200 OK",
            "connection: close\r\nconnection: keep-alive\r\n",
        ),
        with("HTTP/1.1 200 OK", "connection: closed\r\n"),
        with("HTTP/1.0 200 OK", ""),
        with("HTTP/1.0 200 OK", "connection: close\r\n"),
    ]
}

/// Where hyper takes what we do not, or keeps a connection that we do not.
fn deviations() -> Vec<Case> {
    vec![
        stricter(
            "a head has 64 KiB at most, as over HTTP/2; hyper takes 408",
            ok(&format!("a: {}\r\n", "x".repeat(70_000)), ""),
        ),
        stricter(
            "nobody asked for another protocol; hyper hands the connection on",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        ),
        stricter(
            "a length beyond an i64 is a negative one to others",
            ok("content-length: 9223372036854775808\r\n", "x"),
        ),
        stricter(
            "a length beside chunks may have been somebody's, so nothing follows",
            ok(
                "content-length: 9\r\ntransfer-encoding: chunked\r\n",
                "1\r\nx\r\n0\r\n\r\n",
            ),
        ),
        stricter(
            "a body in a coding cannot be read, and hyper passes it on as it is",
            ok(
                "transfer-encoding: gzip, chunked\r\n",
                "1\r\nx\r\n0\r\n\r\n",
            ),
        ),
        stricter(
            "the same, to its end",
            ok("transfer-encoding: gzip\r\n", "x"),
        ),
        stricter("the same", ok("transfer-encoding: identity\r\n", "x")),
        stricter(
            "chunked twice is read once by hyper",
            ok(
                "transfer-encoding: chunked, chunked\r\n",
                "1\r\nx\r\n0\r\n\r\n",
            ),
        ),
        stricter(
            "the same, in two fields",
            ok(
                &"transfer-encoding: chunked\r\n".repeat(2),
                "1\r\nx\r\n0\r\n\r\n",
            ),
        ),
        stricter(
            "a size has no more digits than it can need",
            ok(
                "transfer-encoding: chunked\r\n",
                "00000000000000001\r\nx\r\n0\r\n\r\n",
            ),
        ),
        stricter(
            "blanks after a size are counted as extensions are",
            ok(
                "transfer-encoding: chunked\r\n",
                &format!("1{}\r\nx\r\n0\r\n\r\n", " ".repeat(20_000)),
            ),
        ),
        stricter(
            "a trailer field ends with CR LF; hyper takes a line feed",
            ok("transfer-encoding: chunked\r\n", "0\r\na: b\n\r\n\r\n"),
        ),
        stricter(
            "what is older than 1.1 would have to be asked in another way",
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
        ),
        stricter(
            "who says close means it, whatever else is in the field",
            b"HTTP/1.1 200 OK\r\nconnection: close, \xe9\r\ncontent-length: 1\r\n\r\nx",
        ),
    ]
}
