//! A connection, for one request.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use http::header::{self, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::body::Body;
use crate::driver;
use crate::error::{ClientError, Phase};
use crate::limits::{Clock, Limits};
use crate::tls::Tls;
use crate::url::{Origin, Scheme, Url};

/// A connection, for one request.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    peer: Option<IpAddr>,
    /// The value of `host`.
    authority: HeaderValue,
    target: PathAndQuery,
    clock: Clock,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Connects to where a URL leads, and speaks TLS if it says so. The time of the request starts.
    ///
    /// # Errors
    /// If nobody is there, or it is not who is meant. `https` without `tls` is such an error as
    /// well.
    pub async fn open(url: &Url, tls: Option<&Tls>, limits: Limits) -> Result<Self, ClientError> {
        let clock = Clock::start(limits);
        let Origin { scheme, host, port } = &url.origin;
        let authority = HeaderValue::try_from(url.origin.authority())
            .map_err(|error| ClientError::Connect(io::Error::other(error)))?;
        let connecting = TcpStream::connect((host.as_str(), *port));
        let connected = clock.wait(Phase::Connect, connecting).await?;
        let socket = connected.map_err(ClientError::Connect)?;
        let peer = socket.peer_addr().ok().map(|peer| peer.ip());
        let stream = match (scheme, tls) {
            (Scheme::Http, _) => Stream::Plain(socket),
            (Scheme::Https, None) => {
                return Err(ClientError::Tls(io::Error::other("it is not set up")));
            }
            (Scheme::Https, Some(tls)) => {
                let name = ServerName::try_from(host.as_str().to_owned())
                    .map_err(|error| ClientError::Tls(io::Error::other(error)))?;
                let shaken = clock.wait(Phase::Connect, tls.0.connect(name, socket));
                Stream::Tls(Box::new(shaken.await?.map_err(ClientError::Tls)?))
            }
        };
        Ok(Self {
            stream,
            peer,
            authority,
            target: url.target.clone(),
            clock,
        })
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Sends a request to the URL, whatever it says itself of where it goes, and waits for the head
    /// of the answer.
    ///
    /// # Errors
    /// If no head comes that is HTTP, within its bounds and in time.
    pub async fn send<B>(self, mut request: Request<B>) -> Result<Response<Body>, ClientError>
    where
        B: hyper::body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>>
            + Send
            + 'static,
    {
        *request.uri_mut() = self.target.into();
        let mut asked = std::mem::take(request.headers_mut());
        asked.remove(header::HOST);
        asked.insert(header::CONNECTION, HeaderValue::from_static("close"));
        let headers = request.headers_mut();
        // First, as RFC 9110 asks.
        headers.insert(header::HOST, self.authority);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.extend(asked);
        let head = self.clock.limits.head;
        let (mut sender, mut driver) = match self.stream {
            Stream::Plain(stream) => driver::begin(stream, head).await?,
            Stream::Tls(stream) => driver::begin(stream, head).await?,
        };
        let answering = driver.drive(sender.send_request(request));
        let answer = self.clock.wait(Phase::Answer, answering).await??;
        Ok(answer.map(|incoming| Body::new(incoming, driver, self.clock)))
    }
}

const USER_AGENT: &str = concat!("signalbox/", env!("CARGO_PKG_VERSION"));
