//! One request and its whole answer, on a connection of its own.
//!
//! Nothing is kept for the next time: a look is a request a minute, and a connection that is not kept
//! can neither go stale nor carry a login to where it does not belong. The connection is driven by
//! the future that waits for the answer, so dropping that ends everything.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::answer::Answer;
use crate::error::{Part, Phase, PullError};
use crate::origin::{Origin, Scheme};

/// A request about to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) method: &'a Method,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) accept: &'static str,
    pub(crate) authorization: Option<&'a HeaderValue>,
    /// What is asked for, and how long it may be at most.
    pub(crate) part: Part,
    pub(crate) most: u64,
}

/// How requests are sent.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) tls: TlsConnector,
    /// How long nothing may come.
    pub(crate) idle: Duration,
}

impl Exchange {
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, PullError> {
        let address = (ask.origin.bare_host(), ask.origin.port());
        let socket = self.within(Phase::Connect, TcpStream::connect(address));
        let socket = socket.await?.map_err(PullError::Connect)?;
        match ask.origin.scheme() {
            Scheme::Http => self.talk(socket, ask).await,
            Scheme::Https => {
                let name = ServerName::try_from(ask.origin.bare_host().to_owned())
                    .map_err(|error| PullError::Tls(io::Error::other(error)))?;
                let stream = self.within(Phase::Connect, self.tls.connect(name, socket));
                self.talk(stream.await?.map_err(PullError::Tls)?, ask).await
            }
        }
    }

    async fn talk<S>(&self, stream: S, ask: &Ask<'_>) -> Result<Answer, PullError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let request = request(ask)?;
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        let asking = async {
            let response = self.within(Phase::Answer, sender.send_request(request));
            self.read(response.await?.map_err(failed)?, ask).await
        };
        let driving = async {
            // How it ended is what the answer's reader is told, which may still have bytes to read.
            drop(connection.await);
            pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            answer = asking => answer,
            never = driving => match never {},
        }
    }

    async fn read(&self, response: Response<Incoming>, ask: &Ask<'_>) -> Result<Answer, PullError> {
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        if head.status == StatusCode::OK {
            let more = || PullError::MoreBytes {
                part: ask.part,
                most: ask.most,
            };
            if ask.method == Method::GET && incoming.size_hint().lower() > ask.most {
                return Err(more());
            }
            while let Some(frame) = self.within(Phase::Body, incoming.frame()).await? {
                // Trailers say nothing that is needed.
                let Ok(bytes) = frame.map_err(failed)?.into_data() else {
                    continue;
                };
                if (body.len() + bytes.len()) as u64 > ask.most {
                    return Err(more());
                }
                body.extend_from_slice(&bytes);
            }
        }
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    async fn within<F: Future>(&self, phase: Phase, future: F) -> Result<F::Output, PullError> {
        let limit = self.idle;
        timeout(limit, future)
            .await
            .map_err(|_elapsed| PullError::Stalled { phase, limit })
    }
}

fn request(ask: &Ask<'_>) -> Result<Request<Empty<Bytes>>, PullError> {
    let mut request = Request::builder()
        .method(ask.method)
        .uri(ask.target)
        .header(header::HOST, ask.origin.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, ask.accept)
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        // Only where a registry sent us can be no address.
        .map_err(|_| PullError::Location)?;
    if let Some(authorization) = ask.authorization {
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    Ok(request)
}

fn failed(error: hyper::Error) -> PullError {
    if error.is_parse() {
        PullError::Protocol(error)
    } else {
        PullError::Lost(error)
    }
}

const USER_AGENT: &str = concat!("signalbox/", env!("CARGO_PKG_VERSION"));
/// Registries behind a proxy or two send about twenty.
const MOST_HEADERS: usize = 64;
/// Signed addresses in `location` take a few KiB.
const MOST_HEAD: usize = 64 << 10;
