//! What moves the bytes of a connection: whoever waits for them.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::Pin;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::ClientError;

/// Moves the bytes of a connection, until it has ended.
pub(crate) struct Driver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Driver {
    /// Waits for something that needs the connection.
    pub(crate) async fn drive<T>(&mut self, asking: impl Future<Output = T>) -> T {
        let driving = async {
            if let Some(connection) = &mut self.0 {
                connection.await;
                self.0 = None;
            }
            // How it ended is what the answer's reader is told, which may still have bytes to read.
            pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            answer = asking => answer,
            never = driving => match never {},
        }
    }
}

/// Speaks HTTP/1.1 on a stream, whose answer has a head of so many bytes at most.
pub(crate) async fn begin<S, B>(
    stream: S,
    head: usize,
) -> Result<(SendRequest<B>, Driver), ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let (sender, connection) = Builder::new()
        .max_headers(MOST_HEADERS)
        .max_header_size(head)
        .handshake(TokioIo::new(stream))
        .await?;
    let driver = Driver(Some(Box::pin(async { drop(connection.await) })));
    Ok((sender, driver))
}

/// Servers behind a proxy or two send about twenty.
const MOST_HEADERS: usize = 64;
