//! One connection and a server that is told what to do.

use http_body_util::BodyExt as _;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::{spawn_local, yield_now};

use super::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Reads to the end of a head.
async fn head(stream: &mut DuplexStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap()
}

async fn body(connection: &mut Http1, decoder: &mut BodyDecoder) -> Result<Vec<u8>, Http1Error> {
    let mut body = Vec::new();
    while let Some(piece) = poll_fn(|context| connection.poll_piece(decoder, context)).await {
        body.extend(piece?);
    }
    Ok(body)
}

/// A GET and its whole answer.
async fn get(connection: &mut Http1) -> Vec<u8> {
    let answer = connection.send(&mut request("GET", &[])).await.unwrap();
    body(connection, &mut answer.into_body()).await.unwrap()
}

#[test]
fn a_request_is_the_same_bytes_as_hypers() {
    let held = |length: usize| vec![Bytes::from(vec![b'x'; length])];
    let parts = vec![Bytes::from_static(b"begin"), Bytes::from_static(b"end")];
    for (method, parts) in [
        ("GET", Vec::new()),
        ("DELETE", Vec::new()),
        ("POST", Vec::new()),
        ("POST", held(1)),
        ("PUT", held(300_000)),
        ("POST", parts),
        (
            "POST",
            [held(2_000), held(3_000), held(5), held(100_000)].concat(),
        ),
    ] {
        let ours = run(async {
            let (near, mut far) = tokio::io::duplex(1 << 20);
            let mut connection = connection(near);
            let mut asked = request(method, &parts);
            spawn_local(async move { connection.send(&mut asked).await.map(drop) });
            settled(&mut far).await
        });
        let hypers = run(async {
            let (near, mut far) = tokio::io::duplex(1 << 20);
            let handshake = Builder::new().handshake(TokioIo::new(near));
            let (mut sender, connection) = handshake.await.unwrap();
            spawn_local(connection);
            let asked = request(method, &parts);
            spawn_local(async move { sender.send_request(asked).await.map(drop) });
            settled(&mut far).await
        });
        assert_eq!(ours, hypers, "{method}");
    }
}

/// What was written, once nothing more is.
async fn settled(far: &mut DuplexStream) -> String {
    for _ in 0..20 {
        yield_now().await;
    }
    let mut seen = vec![0; 1 << 20];
    let read = far.read(&mut seen).await.unwrap();
    seen.truncate(read);
    String::from_utf8(seen).unwrap()
}

#[test]
fn requests_follow_each_other() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        spawn_local(async move {
            for _ in 0..5 {
                head(&mut far).await;
                far.write_all(OK).await.unwrap();
            }
        });
        for _ in 0..5 {
            assert_eq!(get(&mut connection).await, b"ok");
            connection.release_buffers();
            assert!(connection.is_reusable());
        }
    });
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        spawn_local(async move {
            head(&mut far).await;
            far.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
            while far.write_all(b"x-more: and more\r\n").await.is_ok() {}
        });
        let sent = connection.send(&mut request("GET", &[])).await;
        let (error, is_unsent) = sent.unwrap_err();
        assert!(matches!(error, Http1Error::Head(_)), "{error}");
        assert!(!is_unsent);
    });
}

#[test]
fn what_comes_unasked_gives_the_request_back() {
    for unasked in [Some(OK), None] {
        run(async {
            let (near, mut far) = tokio::io::duplex(1 << 10);
            let mut connection = connection(near);
            match unasked {
                Some(bytes) => far.write_all(bytes).await.unwrap(),
                None => drop(far),
            }
            assert!(!connection.is_ready());
            let mut request = request("POST", &[Bytes::from_static(b"x")]);
            let (error, is_unsent) = connection.send(&mut request).await.unwrap_err();
            assert!(matches!(error, Http1Error::NotIdle), "{error}");
            assert!(is_unsent);
            let whole = request.into_body().collect().await.unwrap();
            assert_eq!(whole.to_bytes(), "x");
        });
    }
}

#[test]
fn a_request_that_was_begun_does_not_come_back() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        spawn_local(async move { head(&mut far).await });
        let sent = connection.send(&mut request("GET", &[])).await;
        let (error, is_unsent) = sent.unwrap_err();
        assert!(matches!(error, Http1Error::Unanswered), "{error}");
        assert!(!is_unsent);
    });
}

#[test]
fn an_early_answer_is_taken_while_the_request_goes_on() {
    const LENGTH: usize = 500_000;
    for reads_answer_first in [true, false] {
        run(async {
            let (near, mut far) = tokio::io::duplex(1 << 10);
            let mut connection = connection(near);
            let server = spawn_local(async move {
                head(&mut far).await;
                far.write_all(OK).await.unwrap();
                let mut body = vec![0; LENGTH];
                far.read_exact(&mut body).await.unwrap();
                (far, body)
            });
            let parts = [Bytes::from(vec![b'x'; LENGTH])];
            let answer = connection.send(&mut request("POST", &parts)).await.unwrap();
            assert!(!connection.is_ready(), "not all of the request is sent");
            let mut decoder = answer.into_body();
            if reads_answer_first {
                assert_eq!(body(&mut connection, &mut decoder).await.unwrap(), b"ok");
            }
            // Nobody reads here, and the request goes on.
            let (mut far, sent) = server.await.unwrap();
            assert_eq!(sent, vec![b'x'; LENGTH]);
            if !reads_answer_first {
                assert_eq!(body(&mut connection, &mut decoder).await.unwrap(), b"ok");
            }
            assert!(connection.is_ready());
            spawn_local(async move {
                head(&mut far).await;
                far.write_all(OK).await.unwrap();
            });
            assert_eq!(get(&mut connection).await, b"ok");
        });
    }
}

#[test]
fn an_answer_is_read_although_its_server_takes_no_more() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        spawn_local(async move {
            head(&mut far).await;
            far.write_all(OK).await.unwrap();
        });
        let parts = [Bytes::from(vec![b'x'; 500_000])];
        let answer = connection.send(&mut request("POST", &parts)).await.unwrap();
        let mut decoder = answer.into_body();
        assert_eq!(body(&mut connection, &mut decoder).await.unwrap(), b"ok");
        yield_now().await;
        assert!(!connection.is_ready());
    });
}

#[test]
fn dropping_an_answer_or_a_request_closes_the_connection() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        let parts = [Bytes::from(vec![b'x'; 500_000])];
        let server = spawn_local(async move {
            head(&mut far).await;
            far.write_all(b"HTTP/1.1 200 OK\r\n\r\nbegin")
                .await
                .unwrap();
            let mut rest = Vec::new();
            far.read_to_end(&mut rest).await.unwrap();
            rest.len()
        });
        let answer = connection.send(&mut request("POST", &parts)).await.unwrap();
        drop((answer, connection));
        assert!(server.await.unwrap() < 500_000);
    });
}

#[test]
fn a_connection_that_rests_holds_no_buffers() {
    run(async {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut connection = connection(near);
        spawn_local(async move {
            head(&mut far).await;
            far.write_all(OK).await.unwrap();
            yield_now().await;
            far
        });
        assert_eq!(get(&mut connection).await, b"ok");
        assert!(connection.connection.borrow().buffered() > 0);
        connection.release_buffers();
        assert_eq!(connection.connection.borrow().buffered(), 0);
    });
}
