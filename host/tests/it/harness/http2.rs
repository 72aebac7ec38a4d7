//! A client that speaks HTTP/2, and one that writes its frames by hand so that they can be wrong.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::gate::PATIENCE;
use super::{Answer, Ask};

/// A connection of HTTP/2.
pub(crate) struct Http2 {
    send: SendRequest<Bytes>,
    connection: JoinSet<Result<(), h2::Error>>,
}

/// Runs a test that waits for several things.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("the test hangs") })
}

impl Http2 {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self::over(socket).await
    }

    pub(crate) async fn over<S>(socket: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(1 << 20)
            .initial_connection_window_size(8 << 20)
            .handshake(socket)
            .await
            .unwrap();
        let mut running = JoinSet::new();
        running.spawn(connection);
        Self {
            send,
            connection: running,
        }
    }

    /// Sends one request and reads its answer to the end.
    pub(crate) async fn send(&mut self, ask: &Ask) -> Answer {
        let body = ask.payload();
        let (answer, mut stream) = self.open(ask, body.is_empty()).await;
        if !body.is_empty() {
            stream.send_data(body, true).unwrap();
        }
        whole(answer.await.unwrap()).await
    }

    /// Sends the head of one request.
    pub(crate) async fn open(
        &mut self,
        ask: &Ask,
        is_all: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        self.try_open(ask, is_all).await.unwrap()
    }

    pub(crate) async fn try_open(
        &mut self,
        ask: &Ask,
        is_all: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        poll_fn(|context| self.send.poll_ready(context)).await?;
        self.send.send_request(ask.request(), is_all)
    }

    /// How many requests the server lets be open.
    pub(crate) fn most_streams(&self) -> usize {
        self.send.current_max_send_streams()
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(mut self) -> Result<(), h2::Error> {
        drop(self.send);
        self.connection.join_next().await.unwrap().unwrap()
    }

    /// The same for a connection that is still asked for more.
    pub(crate) async fn is_ended(&mut self) -> Result<(), h2::Error> {
        self.connection.join_next().await.unwrap().unwrap()
    }
}

/// Reads an answer to its end.
pub(crate) async fn whole(answer: http::Response<RecvStream>) -> Answer {
    let mut read = head(&answer);
    let mut body = answer.into_body();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        read.body.extend_from_slice(&piece);
    }
    read
}

pub(crate) fn head<B>(answer: &http::Response<B>) -> Answer {
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().iter().map(header).collect(),
        body: Vec::new(),
    }
}

/// Frames written by hand.
pub(crate) struct Frames(TcpStream);

/// How the server took a request, or the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was answered; the code of the refusal, if it was one.
    Answered(Option<String>),
    /// Its stream was reset.
    Reset(Reason),
    /// The connection was ended.
    Ended(Reason),
    /// It was closed without a word.
    Closed,
}

impl Frames {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RESET: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const CONTINUATION: u8 = 9;
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    const ACK: u8 = 1;

    /// A connection whose beginning was said.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        socket
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut frames = Self(socket);
        frames.write(Self::SETTINGS, 0, 0, &[]);
        frames
    }

    pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    pub(crate) fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.0
            .write_all(&Self::frame(kind, flags, stream, payload))
            .unwrap();
    }

    /// Writes as much as the other side takes.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    /// A head without a body, with these fields in this order.
    pub(crate) fn ask(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let flags = Self::END_HEADERS | Self::END_STREAM;
        self.write(Self::HEADERS, flags, stream, &block(fields));
    }

    /// The next frame: kind, flags, stream, payload. `None` at the end.
    pub(crate) fn read(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    }

    /// Reads on until it shows how a request was taken.
    pub(crate) fn taken(&mut self, asked: u32) -> Taken {
        let mut bodies: HashMap<u32, Vec<u8>> = HashMap::new();
        while let Some((kind, flags, stream, payload)) = self.read() {
            let code = |at: usize| {
                let bytes: [u8; 4] = payload[at..at + 4].try_into().unwrap();
                Reason::from(u32::from_be_bytes(bytes))
            };
            match kind {
                Self::SETTINGS if flags & Self::ACK == 0 => {
                    // The other side may be gone already.
                    let ack = Self::frame(Self::SETTINGS, Self::ACK, 0, &[]);
                    let _ = self.try_write(&ack);
                }
                Self::RESET if stream == asked => return Taken::Reset(code(0)),
                Self::GOAWAY if code(4) != Reason::NO_ERROR => return Taken::Ended(code(4)),
                Self::DATA => bodies.entry(stream).or_default().extend(&payload),
                _ => {}
            }
            let is_answer = matches!(kind, Self::DATA | Self::HEADERS) && stream == asked;
            if is_answer && flags & Self::END_STREAM != 0 {
                let body = bodies.remove(&stream).unwrap_or_default();
                let body: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
                let code = body.and_then(|body| Some(body["error"]["code"].as_str()?.to_owned()));
                return Taken::Answered(code);
            }
        }
        Taken::Closed
    }
}

/// A block of header fields, each written out.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            let length = text.len();
            if length < 127 {
                block.push(u8::try_from(length).unwrap());
            } else {
                block.push(127);
                let mut rest = length - 127;
                while rest >= 128 {
                    block.push(u8::try_from(rest % 128 + 128).unwrap());
                    rest /= 128;
                }
                block.push(u8::try_from(rest).unwrap());
            }
            block.extend(text.as_bytes());
        }
    }
    block
}
