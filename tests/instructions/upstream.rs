//! GT, as far as the gate can tell: it takes requests whole and answers each from memory.
//!
//! Events are sent one by one, each when the client has the one before, as models write them. Sent
//! together they would be read together, and in other portions each time.

mod answers;

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming},
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Fallible, PAUSE,
    configuration::{GT_KEY, Setup},
    tls::{Identity, is_resumed},
    workload::Connections,
};
use answers::Answers;

/// The upstream; what it serves is served while somebody waits for something in its runtime.
#[derive(Debug)]
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// What accepts connections; it owns them.
    _listening: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    setup: Setup,
    answers: Answers,
    resuming: Arc<ServerConfig>,
    forgetting: Arc<ServerConfig>,
    /// Whether a connection ends with its first answer.
    closes: AtomicBool,
    resumes: AtomicBool,
    full_handshakes: AtomicUsize,
    resumed_handshakes: AtomicUsize,
    /// Lets the open stream of events go on by one.
    turn: Mutex<Option<mpsc::UnboundedSender<()>>>,
}

impl Upstream {
    /// Listens on a port of the system's choice.
    pub(crate) async fn start(setup: Setup, identity: &Identity) -> Fallible<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            setup,
            answers: Answers::new(),
            resuming: identity.server(true)?,
            forgetting: identity.server(false)?,
            closes: AtomicBool::new(false),
            resumes: AtomicBool::new(true),
            full_handshakes: AtomicUsize::new(0),
            resumed_handshakes: AtomicUsize::new(0),
            turn: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(Arc::clone(&serving).connection(socket));
            }
        });
        Ok(Self {
            address,
            shared,
            _listening: listening,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the next requests want of connections.
    pub(crate) fn expect(&self, connections: Connections) {
        let shared = &self.shared;
        let (closes, resumes) = match connections {
            Connections::NewToUpstream { resumes } => (true, resumes),
            _ => (false, true),
        };
        shared.closes.store(closes, Ordering::Relaxed);
        shared.resumes.store(resumes, Ordering::Relaxed);
        shared.full_handshakes.store(0, Ordering::Relaxed);
        shared.resumed_handshakes.store(0, Ordering::Relaxed);
    }

    /// Whether the handshakes since then were what was wanted. The first one is in any case full.
    pub(crate) fn check(&self, connections: Connections) -> Fallible<()> {
        let full = self.shared.full_handshakes.load(Ordering::Relaxed);
        let resumed = self.shared.resumed_handshakes.load(Ordering::Relaxed);
        let is_right = match connections {
            Connections::NewToUpstream { resumes: true } => full <= 1,
            Connections::NewToUpstream { resumes: false } => full >= 1 && resumed == 0,
            _ => full + resumed <= 1,
        };
        if is_right {
            return Ok(());
        }
        Err(format!("upstream had {full} full and {resumed} resumed handshakes").into())
    }

    /// The client has an event: the next one may go.
    pub(crate) fn take_turn(&self) {
        self.shared.take_turn();
    }
}

impl Shared {
    fn take_turn(&self) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turn.as_ref() {
            // After the last event nobody waits.
            let _ = turn.send(());
        }
    }

    async fn connection(self: Arc<Self>, socket: TcpStream) {
        // Small segments at once, or answers would wait for acknowledgements.
        let _ = socket.set_nodelay(true);
        if self.setup != Setup::Tls {
            return self.serve(socket).await;
        }
        let resumes = self.resumes.load(Ordering::Relaxed);
        let config = if resumes {
            &self.resuming
        } else {
            &self.forgetting
        };
        let Ok(stream) = TlsAcceptor::from(Arc::clone(config)).accept(socket).await else {
            return;
        };
        let count = if is_resumed(stream.get_ref().1.handshake_kind()) {
            &self.resumed_handshakes
        } else {
            &self.full_handshakes
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.serve(stream).await;
    }

    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let shared = Arc::clone(&self);
        let service = service_fn(move |request| Arc::clone(&shared).answer(request));
        let stream = TokioIo::new(stream);
        // A connection that breaks leaves an answer out, which the client tells of.
        let _ = match self.setup {
            Setup::Http2 => {
                http2::Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await
            }
            _ => {
                http1::Builder::new()
                    .serve_connection(stream, service)
                    .await
            }
        };
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Either<Full<Bytes>, Events>>, Infallible> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return Ok(refusal(400));
        };
        let key = head.headers.get(AUTHORIZATION);
        if key.and_then(|key| key.to_str().ok()) != Some(format!("Bearer {GT_KEY}").as_str()) {
            return Ok(refusal(401));
        }
        tokio::time::sleep(PAUSE).await;
        let path = head.uri.path().strip_prefix("/api/tenant/v1");
        let body = body.to_bytes();
        let mut response = if path == Some("/chat/completions") && answers::wants_events(&body) {
            Response::new(Either::Right(self.events()))
        } else {
            match path.and_then(|path| self.answers.to(path)) {
                Some(answer) => Response::new(Either::Left(Full::new(answer))),
                None => return Ok(refusal(404)),
            }
        };
        let kind = match response.body() {
            Either::Left(_) => "application/json",
            Either::Right(_) => "text/event-stream",
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if self.closes.load(Ordering::Relaxed) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    fn events(&self) -> Events {
        let (turn, turns) = mpsc::unbounded_channel();
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        self.take_turn();
        Events {
            left: self.answers.events(),
            turns,
        }
    }
}

fn refusal(status: u16) -> Response<Either<Full<Bytes>, Events>> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// A stream of events, one for each turn.
#[derive(Debug)]
struct Events {
    left: std::vec::IntoIter<Bytes>,
    turns: mpsc::UnboundedReceiver<()>,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.as_slice().is_empty() {
            return Poll::Ready(None);
        }
        match self.turns.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            // Nobody will ever take a turn again.
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(())) => {
                let event = self.left.next();
                Poll::Ready(event.map(|event| Ok(Frame::data(event))))
            }
        }
    }
}
