//! One request for a key set, on a connection of its own.
//!
//! No redirect is followed: who may say what the keys are is what the operator wrote. The connection
//! is driven by the future that waits for the answer, so dropping that ends everything.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::path::Path;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use signalbox_registry::SetupError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::{KeySetUrl, Scheme};

/// A way to a key set.
pub(super) struct Fetch {
    url: KeySetUrl,
    tls: Option<TlsConnector>,
}

/// Why a key set could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No connection.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The connection broke, or what came is not HTTP.
    #[error("the connection was lost")]
    Lost(#[source] hyper::Error),
    /// The URL cannot stand in a request.
    #[error("the URL cannot be asked for")]
    Url,
    /// Another status than 200. Redirects are not followed.
    #[error("the server answers {0}")]
    Status(StatusCode),
    /// More than a key set has.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// It took too long.
    #[error("the server took longer than {} seconds", TIME.as_secs())]
    Time,
}

impl Fetch {
    pub(super) fn new(url: KeySetUrl, ca_file: Option<&Path>) -> Result<Self, SetupError> {
        let tls = match url.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(signalbox_registry::tls(ca_file)?),
        };
        Ok(Self { url, tls })
    }

    /// The set as it came, of at most so many bytes.
    pub(super) async fn get(&self, most: u64) -> Result<Vec<u8>, FetchError> {
        timeout(TIME, self.ask(most))
            .await
            .map_err(|_elapsed| FetchError::Time)?
    }

    async fn ask(&self, most: u64) -> Result<Vec<u8>, FetchError> {
        let socket = TcpStream::connect((&*self.url.host, self.url.port));
        let socket = socket.await.map_err(FetchError::Connect)?;
        let Some(tls) = &self.tls else {
            return self.talk(socket, most).await;
        };
        let name = ServerName::try_from(self.url.host.clone()).map_err(|_| FetchError::Url)?;
        let stream = tls.connect(name, socket).await;
        self.talk(stream.map_err(FetchError::Connect)?, most).await
    }

    async fn talk<S>(&self, stream: S, most: u64) -> Result<Vec<u8>, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let request = Request::get(&*self.url.target)
            .header(header::HOST, &*self.url.authority)
            .header(header::ACCEPT, "application/json")
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|_| FetchError::Url)?;
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(MOST_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(FetchError::Lost)?;
        let asking = async {
            let answer = sender.send_request(request).await;
            let (head, body) = answer.map_err(FetchError::Lost)?.into_parts();
            match head.status {
                StatusCode::OK => read(body, most).await,
                status => Err(FetchError::Status(status)),
            }
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
}

async fn read(mut body: Incoming, most: u64) -> Result<Vec<u8>, FetchError> {
    let mut read = Vec::new();
    if body.size_hint().lower() > most {
        return Err(FetchError::TooLarge(most));
    }
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(FetchError::Lost)?.into_data() else {
            continue;
        };
        if (read.len() + bytes.len()) as u64 > most {
            return Err(FetchError::TooLarge(most));
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read)
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fetch({})", self.url.authority)
    }
}

/// A key set is a few KiB. At start the host waits so long for it, once.
const TIME: Duration = Duration::from_secs(5);
/// Servers behind a proxy or two send about twenty.
const MOST_HEADERS: usize = 64;
