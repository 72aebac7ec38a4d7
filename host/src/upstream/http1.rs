//! HTTP/1.1 to GT: a connection carries one request at a time.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::body::RequestBody;
use super::connect::Guards;

/// A connection. Dropping it closes it, whatever is on it.
#[derive(Debug)]
pub(super) struct Http1 {
    sender: SendRequest<RequestBody>,
    pub(super) since: Instant,
}

impl Http1 {
    /// Begins on a stream. The task that drives it ends with the connection, which ends when its
    /// one sender is dropped; the worker's `LocalSet` owns it.
    pub(super) async fn begin<S>(stream: S, guards: Guards) -> hyper::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (sender, connection) = Builder::new()
            .max_headers(MAX_ANSWER_HEADERS)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "upstream connection ended");
            }
            drop(guards);
        });
        let since = Instant::now();
        Ok(Self { sender, since })
    }

    /// Whether it can take a request now.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// The answer's head, or the request again if nothing of it was written.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, (hyper::Error, Option<Request<RequestBody>>)> {
        let sent = self.sender.try_send_request(request).await;
        sent.map_err(|mut error| {
            let unsent = error.take_message();
            (error.into_error(), unsent)
        })
    }
}

/// GT's own answers have a dozen.
const MAX_ANSWER_HEADERS: usize = 128;
