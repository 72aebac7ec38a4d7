//! Requests to a server on loopback that answers byte by byte what a test says. TLS is tested where
//! it is used: by `signalbox-registry` and by the command.
#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::io;
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use signalbox_http_client::{Body, ClientError, Connection, Limits, Phase, Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: Limits = Limits::new(Duration::from_secs(15), 10);

/// What a request to a server comes to that reads the head and then does as `then` says.
async fn asked<F: Future<Output = Infallible>>(
    limits: Limits,
    then: impl FnOnce(TcpStream) -> F,
) -> Result<Vec<u8>, ClientError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(&listener);
    tokio::select! {
        answer = async { send(&url, limits).await?.into_body().whole().await } => answer,
        never = async { then(accept(&listener).await.0).await } => match never {},
    }
}

fn url(listener: &TcpListener) -> Url {
    let address = listener.local_addr().unwrap();
    format!("http://{address}/a?b=c").parse().unwrap()
}

async fn send(url: &Url, limits: Limits) -> Result<Response<Body>, ClientError> {
    let connection = Connection::open(url, None, limits).await?;
    connection.send(Request::new(String::new())).await
}

/// A connection, and the head of its request.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    (socket, String::from_utf8(head).unwrap())
}

async fn says(mut socket: TcpStream, text: &str) -> Infallible {
    socket.write_all(text.as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    pending().await
}

/// A byte a second.
async fn drips(mut socket: TcpStream) -> Infallible {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    socket.write_all(head).await.unwrap();
    loop {
        socket.write_all(b"x").await.unwrap();
        tokio::time::sleep(SECOND).await;
    }
}

#[tokio::test]
async fn a_request_says_to_whom_it_goes_and_is_the_only_one() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nok";
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(address).await else {
            // A machine may have no IPv6.
            assert_eq!(address, "[::1]:0");
            continue;
        };
        let url = url(&listener);
        let server = async {
            let (mut socket, head) = accept(&listener).await;
            socket.write_all(answer.as_bytes()).await.unwrap();
            let mut more = Vec::new();
            socket.read_to_end(&mut more).await.unwrap();
            (head, more)
        };
        let client = async {
            let answer = send(&url, LIMITS).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FOUND);
            assert_eq!(answer.headers()[header::LOCATION], "/elsewhere");
            assert_eq!(answer.into_body().whole().await.unwrap(), b"ok");
        };
        let ((head, more), ()) = tokio::join!(server, client);
        assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
        let host = format!("host: {}\r\n", url.origin.authority());
        assert!(head.contains(&host), "{head}");
        assert!(head.contains("connection: close\r\n"), "{head}");
        assert!(head.contains("user-agent: signalbox/"), "{head}");
        assert_eq!(more, b"", "nothing but this request, and its end");
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let whole = asked(LIMITS, |socket| {
        says(
            socket,
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789",
        )
    });
    assert_eq!(whole.await.unwrap(), b"0123456789");
    for longer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n0123456789a",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n6789a\r\n",
    ] {
        let error = asked(LIMITS, |socket| says(socket, longer))
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::TooLong(10)), "{error:?}");
    }
}

#[tokio::test]
async fn a_head_is_read_up_to_its_limit() {
    let limits = Limits {
        head: 1 << 10,
        ..LIMITS
    };
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "x".repeat(2 << 10));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(65));
    for head in [long, many] {
        let error = asked(limits, |socket| says(socket, &head))
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Protocol(_)), "{error:?}");
    }
}

/// Time passes as soon as both sides wait.
#[tokio::test(start_paused = true)]
async fn whoever_drips_is_left_when_the_time_is_over() {
    let limits = Limits {
        body: 100,
        idle: 5 * SECOND,
        ..LIMITS
    };
    let error = asked(limits, drips).await.unwrap_err();
    assert!(
        matches!(error, ClientError::TimedOut(time) if time == 15 * SECOND),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_request_before_its_time() {
    let limits = Limits {
        idle: 5 * SECOND,
        ..LIMITS
    };
    for (text, during) in [
        ("HTTP/1.1 200 OK\r\n", Phase::Answer),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n1", Phase::Body),
    ] {
        let error = asked(limits, |mut socket: TcpStream| async move {
            socket.write_all(text.as_bytes()).await.unwrap();
            pending().await
        });
        let error = error.await.unwrap_err();
        assert!(
            matches!(error, ClientError::Silent { phase, limit } if phase == during && limit == 5 * SECOND),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_error_says_what_is_below_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(&listener);
    drop(listener);
    let error = send(&url, LIMITS).await.unwrap_err();
    let below = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(below.kind(), io::ErrorKind::ConnectionRefused);
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12";
    for (text, is_lost) in [(cut, true), ("SSH-2.0-OpenSSH_9.2\r\n", false)] {
        let error = asked(LIMITS, |socket| says(socket, text))
            .await
            .unwrap_err();
        assert_eq!(matches!(error, ClientError::Lost(_)), is_lost, "{error:?}");
        assert!(error.source().unwrap().is::<hyper::Error>());
    }
}

#[tokio::test]
async fn tls_that_is_not_set_up_is_not_left_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(&listener).to_string().replace("http", "https");
    let error = send(&url.parse().unwrap(), LIMITS).await.unwrap_err();
    assert!(matches!(error, ClientError::Tls(_)), "{error:?}");
}

#[tokio::test]
async fn who_drops_an_answer_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(&listener);
    let server = async {
        let (mut socket, _) = accept(&listener).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
        socket.write_all(head).await.unwrap();
        socket.read_u8().await.unwrap_err().kind()
    };
    let client = async { drop(send(&url, LIMITS).await.unwrap()) };
    let (ended, ()) = tokio::join!(server, client);
    assert_eq!(ended, io::ErrorKind::UnexpectedEof);
}
