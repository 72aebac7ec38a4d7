//! Two clients before the same server: ours, and hyper's.

use http_body_util::BodyExt as _;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::{spawn_local, yield_now};

use super::*;

/// What a server answers, whatever it is asked.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    /// How much is written at a time.
    pub(super) cut: usize,
    /// Whether the server closes after it.
    pub(super) closes: bool,
}

/// What became of the request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// There was no answer, because of what came.
    Protocol,
    /// There was no answer.
    Lost,
    Answered {
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
        /// The body broke off.
        is_broken: bool,
        /// Another request may follow.
        is_kept: bool,
    },
}

/// A server that reads one request without a body, and answers it.
async fn serve(mut stream: DuplexStream, answer: Answer) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut seen).await.unwrap() == 0 {
            return;
        }
    }
    for piece in answer.bytes.chunks(answer.cut.max(1)) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        // Whoever reads has its turn.
        yield_now().await;
    }
    if !answer.closes {
        while stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {}
    }
}

/// Turns enough for everybody to have seen everything.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

fn listed(headers: &http::HeaderMap) -> Vec<(String, Vec<u8>)> {
    let listed = headers.iter();
    let listed = listed.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    listed.collect()
}

/// What our client makes of an answer.
pub(super) fn ours(answer: &Answer) -> Outcome {
    run(async {
        let (near, far) = tokio::io::duplex(64 << 10);
        spawn_local(serve(far, answer.clone()));
        let mut connection = connection(near);
        let sent = connection.send(&mut request(answer.method, &[])).await;
        let (head, mut decoder) = match sent {
            Ok(answer) => answer.into_parts(),
            Err((error, is_unsent)) => {
                assert!(!is_unsent, "{error}");
                return match error.is_protocol() {
                    true => Outcome::Protocol,
                    false => Outcome::Lost,
                };
            }
        };
        let (mut body, mut is_broken) = (Vec::new(), false);
        loop {
            match poll_fn(|context| connection.poll_piece(&mut decoder, context)).await {
                Some(Ok(piece)) => body.extend(piece),
                Some(Err(_)) => is_broken = true,
                None => break,
            }
            if is_broken {
                break;
            }
        }
        settle().await;
        Outcome::Answered {
            status: head.status.as_u16(),
            headers: listed(&head.headers),
            body,
            is_broken,
            is_kept: !is_broken && connection.is_ready(),
        }
    })
}

/// What hyper's makes of it, as the host used it.
pub(super) fn hypers(answer: &Answer) -> Outcome {
    run(async {
        let (near, far) = tokio::io::duplex(64 << 10);
        spawn_local(serve(far, answer.clone()));
        let mut builder = Builder::new();
        let handshake = builder.max_headers(128).handshake(TokioIo::new(near));
        let (mut sender, connection) = handshake.await.unwrap();
        spawn_local(async move {
            // What goes wrong is told to whoever waits for the answer.
            let _ = connection.await;
        });
        let sent = sender.try_send_request(request(answer.method, &[])).await;
        let (head, mut incoming) = match sent {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                return match error.into_error().is_parse() {
                    true => Outcome::Protocol,
                    false => Outcome::Lost,
                };
            }
        };
        let (mut body, mut is_broken) = (Vec::new(), false);
        while let Some(frame) = incoming.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(piece)) => body.extend(piece),
                Ok(Err(_trailers)) => {}
                Err(_) => is_broken = true,
            }
        }
        settle().await;
        Outcome::Answered {
            status: head.status.as_u16(),
            headers: listed(&head.headers),
            body,
            is_broken,
            is_kept: !is_broken && sender.is_ready(),
        }
    })
}
