//! HTTP/1.1 to GT: a connection carries one request at a time.

use std::pin::pin;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use signalbox_swap::error_chain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::body::RequestBody;
use super::guards::Guards;

/// A connection. Dropping it closes it, whatever is on it.
#[derive(Debug)]
pub(super) struct Http1 {
    sender: SendRequest<RequestBody>,
    pub(super) since: Instant,
    /// Tells the connection's task when this is dropped.
    _wanted: oneshot::Sender<()>,
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
        let (wanted, unwanted) = oneshot::channel::<()>();
        tokio::task::spawn_local(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => Some(ended),
                // It flushes before it ends, which a GT that has stopped reading never lets it.
                _ = unwanted => timeout(FAREWELL, connection).await.ok(),
            };
            if let Some(Err(error)) = ended {
                tracing::debug!(error = error_chain(&error), "upstream connection ended");
            }
            drop(guards);
        });
        let since = Instant::now();
        Ok(Self {
            sender,
            since,
            _wanted: wanted,
        })
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

/// For what is still to be flushed when nobody wants a connection any more.
const FAREWELL: Duration = Duration::from_millis(500);
/// GT's own answers have a dozen.
const MAX_ANSWER_HEADERS: usize = 128;
