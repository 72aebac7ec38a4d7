//! A stand-in for GT that speaks HTTP/2, over TLS or without, and remembers what it was asked.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsAcceptor;

/// A stand-in for GT.
#[derive(Clone)]
pub(crate) struct Gt2 {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen2>>>,
    connections: Arc<AtomicUsize>,
}

/// The head of a request as GT got it.
#[derive(Clone, Debug)]
pub(crate) struct Seen2 {
    pub(crate) connection: usize,
    pub(crate) uri: String,
    /// What was asked for in the TLS handshake.
    pub(crate) server_name: Option<String>,
    pub(crate) headers: HeaderMap,
}

/// One request that GT answers.
pub(crate) struct Call {
    /// How many came before it.
    pub(crate) number: usize,
    body: RecvStream,
    reply: SendResponse<Bytes>,
}

/// A certificate, and the TLS of whoever shows it.
pub(crate) struct Redactor {
    pub(crate) pem: String,
    pub(crate) tls: Arc<ServerConfig>,
}

type Answering = Rc<dyn Fn(Call) -> Pin<Box<dyn Future<Output = ()>>>>;

impl Gt2 {
    /// Answers without TLS, as `answer` does.
    pub(crate) fn answering<F: Future<Output = ()> + 'static>(
        answer: impl Fn(Call) -> F + Send + 'static,
    ) -> Self {
        Self::serving(None, 100, answer)
    }

    /// Answers as `answer` does, `streams` requests of a connection at a time.
    pub(crate) fn serving<F: Future<Output = ()> + 'static>(
        tls: Option<Arc<ServerConfig>>,
        streams: u32,
        answer: impl Fn(Call) -> F + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let gt = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let told = gt.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let answer: Answering = Rc::new(move |call| Box::pin(answer(call)));
            LocalSet::new().block_on(&runtime, async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let acceptor = tls.map(TlsAcceptor::from);
                loop {
                    let (socket, _) = listener.accept().await.unwrap();
                    let (told, answer) = (told.clone(), Rc::clone(&answer));
                    let acceptor = acceptor.clone();
                    spawn_local(async move {
                        let Some(acceptor) = acceptor else {
                            return told.connection(socket, None, streams, answer).await;
                        };
                        if let Ok(stream) = acceptor.accept(socket).await {
                            let name = stream.get_ref().1.server_name().map(str::to_owned);
                            told.connection(stream, name, streams, answer).await;
                        }
                    });
                }
            });
        });
        gt
    }

    /// What GT was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen2> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    async fn connection<S>(
        self,
        stream: S,
        server_name: Option<String>,
        streams: u32,
        answer: Answering,
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let connection = self.connections.fetch_add(1, Ordering::SeqCst);
        let mut builder = Builder::new();
        builder.max_concurrent_streams(streams);
        let Ok(mut requests) = builder.handshake::<_, Bytes>(stream).await else {
            return;
        };
        while let Some(Ok((request, reply))) = requests.accept().await {
            let (head, body) = Request::into_parts(request);
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(Seen2 {
                    connection,
                    uri: head.uri.to_string(),
                    server_name: server_name.clone(),
                    headers: head.headers,
                });
                seen.len() - 1
            };
            spawn_local(answer(Call {
                number,
                body,
                reply,
            }));
        }
    }
}

impl Call {
    /// The whole body; `None` if it breaks off.
    pub(crate) async fn body(&mut self) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await {
            whole.extend_from_slice(&piece.ok()?);
        }
        Some(whole)
    }

    /// The next piece of the body; nothing more is taken until it is asked for.
    pub(crate) async fn piece(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let piece = self.body.data().await?;
        if let Ok(piece) = &piece {
            let _ = self.body.flow_control().release_capacity(piece.len());
        }
        Some(piece)
    }

    pub(crate) fn json(mut self, body: &str) {
        let mut stream = self.head("application/json");
        stream
            .send_data(Bytes::copy_from_slice(body.as_bytes()), true)
            .unwrap();
    }

    /// The head of an answer.
    pub(crate) fn head(&mut self, content_type: &str) -> SendStream<Bytes> {
        self.head_of(content_type, None)
    }

    /// The same, with a length that need not be true.
    pub(crate) fn head_of(&mut self, content_type: &str, length: Option<u64>) -> SendStream<Bytes> {
        let mut head = Response::builder().header("content-type", content_type);
        if let Some(length) = length {
            head = head.header("content-length", length);
        }
        let head = head.body(()).unwrap();
        self.reply.send_response(head, false).unwrap()
    }

    /// An interim answer.
    pub(crate) fn early_hints(&mut self) {
        let hints = Response::builder().status(103).header("link", "</a>");
        self.reply
            .send_informational(hints.body(()).unwrap())
            .unwrap();
    }

    pub(crate) fn reset(mut self, reason: Reason) {
        self.reply.send_reset(reason);
    }

    /// Why the client ended the stream, once it has: while it waits, or while the answer that has
    /// `begun` goes on.
    pub(crate) async fn ended(mut self, mut begun: Option<SendStream<Bytes>>) -> Reason {
        std::future::poll_fn(|context| match &mut begun {
            Some(stream) => stream.poll_reset(context),
            None => self.reply.poll_reset(context),
        })
        .await
        .unwrap()
    }
}

impl Redactor {
    /// A certificate that signs itself, as `change` has it. `openssl req -x509` calls such a
    /// certificate an authority.
    pub(crate) fn made(
        name: &str,
        alpn: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        tls.alpn_protocols = alpn.iter().map(|it| it.as_bytes().to_vec()).collect();
        Self {
            pem: certificate.pem(),
            tls: Arc::new(tls),
        }
    }
}
