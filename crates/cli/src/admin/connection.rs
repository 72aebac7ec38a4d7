//! One connection, one request.

use std::time::Duration;

use http::{HeaderValue, Method, Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use super::{
    Address, AdminError,
    answer::Answer,
    body::{self, RequestBody},
    tls::Tls,
    token::{self, Token},
};
use crate::output;

/// What a request brings.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(serde_json::Value),
}

/// What connects to one host.
pub(super) struct Connector {
    pub(super) address: Address,
    pub(super) token: Token,
    pub(super) tls: Option<Tls>,
    /// How long the host may say nothing.
    pub(super) patience: Duration,
}

impl Connector {
    /// Sends a request and waits for the head of its answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Answer, AdminError> {
        let socket = self.connect().await?;
        let request = self.request(method, path, body, &socket)?;
        match &self.tls {
            None => self.exchange(socket, request).await,
            Some(tls) => {
                let shaking = tls.connector.connect(tls.name.clone(), socket);
                let stream = match timeout(CONNECT_TIME, shaking).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(cause)) => return Err(AdminError::tls(&self.address, cause)),
                    Err(_) => return Err(AdminError::silent(&self.address, CONNECT_TIME)),
                };
                self.exchange(stream, request).await
            }
        }
    }

    async fn connect(&self) -> Result<TcpStream, AdminError> {
        let address = &self.address;
        let connecting = TcpStream::connect((&*address.host, address.port));
        match timeout(CONNECT_TIME, connecting).await {
            Ok(Ok(socket)) => Ok(socket),
            Ok(Err(cause)) => Err(AdminError::Connect {
                address: address.clone(),
                cause,
            }),
            Err(_) => Err(AdminError::silent(address, CONNECT_TIME)),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Body,
        socket: &TcpStream,
    ) -> Result<Request<RequestBody>, AdminError> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.address.target(path))
            .header(header::HOST, self.address.authority())
            .header(header::AUTHORIZATION, self.authorization(socket)?)
            .header(header::ACCEPT, "application/x-ndjson, application/json")
            .header(header::CONNECTION, "close")
            .header(
                header::USER_AGENT,
                concat!("signalbox/", env!("CARGO_PKG_VERSION")),
            );
        let bytes = match body {
            Body::Empty => Vec::new(),
            Body::Json(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                value.to_string().into_bytes()
            }
        };
        let request = request.body(()).map_err(AdminError::Request)?;
        Ok(body::attach(request, bytes))
    }

    fn authorization(&self, socket: &TcpStream) -> Result<HeaderValue, AdminError> {
        let peer = socket.peer_addr().ok().map(|peer| peer.ip());
        let token = self.token.shown_to(peer, &self.address)?;
        if self.tls.is_none() && !token::is_loopback(peer) {
            output::talk(&format!(
                "warning: the token goes to {} unencrypted; give the host `admin.tls` and use \
                 https://",
                self.address
            ));
        }
        Ok(token)
    }

    async fn exchange<S>(
        &self,
        stream: S,
        request: Request<RequestBody>,
    ) -> Result<Answer, AdminError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let failed = |cause| AdminError::http(&self.address, cause);
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for the answer is told of the same error.
            let _ = connection.await;
        });
        match timeout(self.patience, sender.send_request(request)).await {
            Ok(Ok(answer)) => Ok(Answer::new(
                answer,
                self.address.clone(),
                self.patience,
                driver,
            )),
            Ok(Err(cause)) => Err(failed(cause)),
            Err(_) => Err(AdminError::silent(&self.address, self.patience)),
        }
    }
}

/// A machine that is there answers at once, TLS included; one that is not never does.
const CONNECT_TIME: Duration = Duration::from_secs(10);
