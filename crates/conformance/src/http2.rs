//! A client of HTTP/2 for the same requests.

use std::{future::poll_fn, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use h2::{SendStream, client::SendRequest};
use http::{HeaderName, HeaderValue, Method};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use super::{
    PATIENCE,
    format::{Framing, Piece, Request},
    message::{Came, Sends, What},
    progress::Progress,
};

/// A client's connection of HTTP/2.
#[derive(Debug)]
pub(super) struct Http2 {
    send: SendRequest<Bytes>,
    _connection: JoinSet<Result<(), h2::Error>>,
    runtime: Runtime,
}

impl Http2 {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let mut connection = JoinSet::new();
        let send = runtime.block_on(async {
            let socket = tokio::net::TcpStream::connect(address).await;
            let socket = socket.expect("the door listens");
            socket.set_nodelay(true).expect("a socket takes it");
            let (send, talking) = h2::client::Builder::new()
                .initial_window_size(1 << 20)
                .initial_connection_window_size(8 << 20)
                .handshake(socket)
                .await
                .expect("the door speaks HTTP/2");
            connection.spawn(talking);
            send
        });
        Self {
            send,
            _connection: connection,
            runtime,
        }
    }

    /// Sends a request and reads its answer; none where the stream is reset before.
    pub(super) fn play(&mut self, sends: &Sends<'_>, step: &Arc<Progress>) -> Vec<Came> {
        let What::Request(request) = sends.what else {
            panic!("bytes of HTTP/1.1 are not played over HTTP/2");
        };
        let send = &mut self.send;
        let came = self.runtime.block_on(async {
            let came = exchange(send, request, sends, step);
            timeout(PATIENCE, came).await.expect("the exchange hangs")
        });
        came.into_iter().collect()
    }
}

async fn exchange(
    send: &mut SendRequest<Bytes>,
    request: &Request,
    sends: &Sends<'_>,
    step: &Arc<Progress>,
) -> Option<Came> {
    poll_fn(|context| send.poll_ready(context)).await.ok()?;
    let is_all = request.body.is_empty();
    let (answer, stream) = send.send_request(head(request), is_all).ok()?;
    if !is_all {
        write(stream, request, step).await;
    }
    let answer = answer.await.ok()?;
    step.change(|step| step.has_begun = true);
    let mut came = Came {
        interim: Vec::new(),
        version: None,
        status: answer.status().as_u16(),
        headers: answer.headers().iter().map(line).collect(),
        body: Vec::new(),
        broken_off: false,
    };
    let mut body = answer.into_body();
    while !sends.leaves(step) {
        match body.data().await {
            None => break,
            Some(Err(_reset)) => {
                came.broken_off = true;
                return Some(came);
            }
            Some(Ok(piece)) => {
                drop(body.flow_control().release_capacity(piece.len()));
                came.body.extend_from_slice(&piece);
                step.change(|step| step.at_client.extend_from_slice(&piece));
            }
        }
    }
    if body.is_end_stream() {
        let trailers = body.trailers().await.expect("the stream has ended");
        assert!(trailers.is_none(), "trailers came: {trailers:?}");
    }
    Some(came)
}

fn head(request: &Request) -> http::Request<()> {
    let (method, target) = request.line.split_once(' ').expect("a method and a target");
    let mut head = http::Request::new(());
    *head.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
    let target = format!("http://gate.example{target}");
    *head.uri_mut() = target.parse().expect("a target");
    let length = request
        .length()
        .filter(|_| request.framing == Framing::Sized);
    let length = length.map(|length| format!("content-length: {length}"));
    for line in request.headers.iter().chain(&length) {
        let (name, value) = line.split_once(':').expect("a header");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        let value = HeaderValue::from_str(value.trim()).expect("a header's value");
        head.headers_mut().append(name, value);
    }
    head
}

/// A stream that the door has reset takes no more, and its answer is what counts.
async fn write(mut stream: SendStream<Bytes>, request: &Request, step: &Arc<Progress>) {
    for piece in &request.body {
        if let Some(bytes) = piece.bytes() {
            drop(stream.send_data(bytes.into(), false));
        } else if let Piece::Until { until } = piece {
            let (until, step) = (until.clone(), Arc::clone(step));
            let waited = spawn_blocking(move || step.until_gt_has(&until)).await;
            waited.expect("the wait ends");
        } else {
            panic!("a client cannot do {piece:?} over HTTP/2");
        }
    }
    drop(stream.send_data(Bytes::new(), true));
}

fn line((name, value): (&HeaderName, &HeaderValue)) -> String {
    let value = String::from_utf8_lossy(value.as_bytes());
    format!("{name}: {value}")
}
