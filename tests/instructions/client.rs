//! The client: one request at a time, and a look at every answer.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::{http1, http2},
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;

use crate::{
    Fallible,
    configuration::{KEY, Setup},
    tls::{Identity, is_resumed},
    upstream::Upstream,
    workload::{Connections, Workload},
};

/// A client with at most one connection.
#[derive(Debug)]
pub(crate) struct Client {
    setup: Setup,
    resuming: Arc<ClientConfig>,
    forgetting: Arc<ClientConfig>,
    open: Option<Sender>,
    /// What moves its bytes.
    connection: JoinSet<()>,
    /// Whether there is a session to take up.
    has_session: bool,
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    pub(crate) fn new(setup: Setup, identity: &Identity) -> Fallible<Self> {
        Ok(Self {
            setup,
            resuming: identity.client(true)?,
            forgetting: identity.client(false)?,
            open: None,
            connection: JoinSet::new(),
            has_session: false,
        })
    }

    /// The next handshake may be a full one: the gate forgets old sessions.
    pub(crate) fn forget_session(&mut self) {
        self.has_session = false;
    }

    /// Sends one request and takes its answer, on a new connection if there is to be one.
    pub(crate) async fn ask(
        &mut self,
        gate: SocketAddr,
        workload: &Workload,
        upstream: &Upstream,
    ) -> Fallible<()> {
        let wants_new = match workload.connections {
            Connections::NewFromClient { resumes } => Some(resumes),
            _ => None,
        };
        if wants_new.is_some() {
            self.close().await;
        }
        let mut sender = match self.open.take() {
            Some(sender) => sender,
            None => self.connect(gate, wants_new).await?,
        };
        let answer = sender.send(request(self.setup, gate, workload)?).await?;
        let closes = answer
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value == "close");
        check(answer, workload, upstream).await?;
        self.open = Some(sender);
        if closes || wants_new.is_some() {
            self.close().await;
        }
        Ok(())
    }

    /// Ends the connection, if there is one, and waits until it has ended.
    async fn close(&mut self) {
        self.open = None;
        while self.connection.join_next().await.is_some() {}
    }

    async fn connect(&mut self, gate: SocketAddr, resumes: Option<bool>) -> Fallible<Sender> {
        let socket = TcpStream::connect(gate).await?;
        socket.set_nodelay(true)?;
        if self.setup != Setup::Tls {
            return self.handshake(socket).await;
        }
        let config = if resumes == Some(false) {
            &self.forgetting
        } else {
            &self.resuming
        };
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(ServerName::from(gate.ip()), socket)
            .await?;
        let did_resume = is_resumed(stream.get_ref().1.handshake_kind());
        let is_wrong = match resumes {
            Some(true) => self.has_session && !did_resume,
            Some(false) => did_resume,
            None => false,
        };
        if is_wrong {
            return Err(format!("a handshake with the gate was resumed: {did_resume}").into());
        }
        self.has_session |= resumes != Some(false);
        self.handshake(stream).await
    }

    async fn handshake(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Fallible<Sender> {
        let stream = TokioIo::new(stream);
        // A connection that breaks is one whose requests fail, which is told of there.
        if self.setup == Setup::Http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            self.connection.spawn(async { drop(connection.await) });
            Ok(Sender::Http2(sender))
        } else {
            let (sender, connection) = http1::handshake(stream).await?;
            self.connection.spawn(async { drop(connection.await) });
            Ok(Sender::Http1(sender))
        }
    }
}

impl Sender {
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Fallible<Response<Incoming>> {
        Ok(match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }
}

fn request(setup: Setup, gate: SocketAddr, workload: &Workload) -> Fallible<Request<Full<Bytes>>> {
    let key = if workload.knows_key {
        KEY
    } else {
        "gtak_unknown"
    };
    let mut request = Request::builder()
        .method(workload.method)
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "OpenAI/Python 2.8.0");
    if let Some(kind) = workload.content_type {
        request = request.header(CONTENT_TYPE, kind);
    }
    let path = workload.path;
    let request = if setup == Setup::Http2 {
        request.uri(format!("http://{gate}{path}"))
    } else {
        request.uri(path).header(HOST, gate.to_string())
    };
    Ok(request.body(Full::new(workload.body.clone()))?)
}

/// Reads the answer to its end, an event at a time, and compares it with what it has to be.
async fn check(
    answer: Response<Incoming>,
    workload: &Workload,
    upstream: &Upstream,
) -> Fallible<()> {
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    let mut read = BytesMut::new();
    let (mut events, mut looked_at) = (0, 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        read.extend_from_slice(&data);
        if workload.events > 0 {
            let new = read.get(looked_at..).unwrap_or_default();
            let ended = new.windows(2).filter(|pair| pair == b"\n\n").count();
            events += ended;
            // A pair may be in two pieces, and is counted with the second.
            looked_at = read.len().saturating_sub(1);
            (0..ended).for_each(|_| upstream.take_turn());
        }
    }
    let text = String::from_utf8_lossy(&read);
    let beginning: String = text.chars().take(1024).collect();
    let is_right = status == workload.status
        && events == workload.events
        && (beginning.contains(workload.holds) || ends_with(&text, workload.holds));
    if is_right {
        return Ok(());
    }
    Err(format!("{status} with {events} events: {beginning}").into())
}

/// A long answer may name its model last.
fn ends_with(text: &str, what: &str) -> bool {
    text.len() > 1024 && text.rfind(what).is_some_and(|at| text.len() - at < 1024)
}
