//! The listener and its connections.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::answer::Cut;
use crate::handle::Handle;
use crate::service;
use crate::shared::Shared;
use crate::tenant::Tenant;

/// A tenant that listens.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Simulator {
    /// Listens on an address (port 0 takes a free one); requests are answered once it [runs](Self::run).
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr, tenant: Tenant) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared::new(tenant)),
        })
    }

    /// Where it listens. Clients use `http://{local_addr}/api/tenant/v1`.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Looks into it and changes it while it runs.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` is done, then lets the requests under way end (five seconds at most). Dropping the
    /// future ends everything at once.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            listener, shared, ..
        } = self;
        let mut connections = JoinSet::new();
        tokio::select! {
            () = accept(&listener, &shared, &mut connections) => {}
            () = shutdown => {}
        }
        drop(listener);
        shared.closing.send_replace(true);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("connections still open are cut");
        }
    }
}

/// Never returns: an accept that fails is the next client's chance, not the end.
async fn accept(listener: &TcpListener, shared: &Arc<Shared>, connections: &mut JoinSet<()>) {
    loop {
        tokio::select! {
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(shared)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "events may be sent late");
    }
    let closed = Arc::clone(&shared).closed();
    let answer = service_fn(move |request| service::serve(Arc::clone(&shared), request));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = closed => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    match error
        .source()
        .and_then(|source| source.downcast_ref::<Cut>())
    {
        Some(cut) => end(connection.into_parts().io.into_inner(), cut).await,
        None => tracing::debug!(%error, "a connection failed"),
    }
}

/// Ends a connection as a fault asks.
async fn end(mut stream: TcpStream, cut: &Cut) {
    let ended = match cut {
        Cut::Reset => stream.set_zero_linger(),
        Cut::Raw(bytes) => match stream.write_all(bytes).await {
            Ok(()) => stream.shutdown().await,
            Err(error) => Err(error),
        },
        Cut::Close => Ok(()),
        Cut::Request(cause) => {
            tracing::debug!(error = %cause, "a request was not read to its end");
            Ok(())
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "the client was gone first");
    }
}

/// Longer than any answer takes; streams and stalls end by themselves when the simulator closes.
const GRACE: Duration = Duration::from_secs(5);

/// Out of file descriptors is the usual reason: trying again at once would only burn a core.
const BACK_OFF: Duration = Duration::from_millis(50);
