//! One worker's way to GT: a few kept connections, each used by one request at a time.
//!
//! Everything here lives on one thread, so nothing is locked. A kept connection that turns out to
//! be closed before the request went onto it is replaced without a word; nothing else is ever
//! sent twice.

mod body;
mod connect;
mod pool;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::metrics::Connections;

pub(crate) use body::{BodyBounds, BodyFailure, Fate, RequestBody};
pub(crate) use connect::Target;
pub use connect::TargetError;
use pool::Pool;

/// How a worker deals with GT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpstreamLimits {
    /// For a connection to come about, TLS and all, and for a free place in the bounded pool.
    pub(crate) connect: Duration,
    /// From the end of the request to the head of the answer.
    pub(crate) first_byte: Duration,
    /// How long a request body may take that is still coming while it is sent.
    pub(crate) body_total: Duration,
    /// Requests in flight.
    pub(crate) in_flight: usize,
    /// Connections kept without a request on them.
    pub(crate) idle: usize,
    /// How long such a connection is kept.
    pub(crate) idle_time: Duration,
}

/// Why GT gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum UpstreamError {
    /// Every place in the pool stayed taken.
    #[error("all upstream connections are in use")]
    Busy,
    /// The client's own body failed while it was being passed on.
    #[error("the client's body did not arrive whole")]
    ClientBody(BodyFailure),
    /// No connection.
    #[error("cannot connect to the upstream")]
    Connect(#[source] std::io::Error),
    /// No connection in time.
    #[error("connecting to the upstream took too long")]
    ConnectTimeout,
    /// The request was sent and no answer began in time.
    #[error("the upstream did not begin to answer in time")]
    FirstByteTimeout,
    /// The connection ended after the request, or a part of it, was sent.
    #[error("the upstream connection was lost before the answer")]
    Lost(#[source] hyper::Error),
    /// What came back is not HTTP/1.
    #[error("the upstream does not speak HTTP/1.1")]
    Protocol(#[source] hyper::Error),
}

impl UpstreamError {
    /// A stable word for the log and the metrics.
    pub(crate) const fn cause(&self) -> &'static str {
        match self {
            Self::Busy => "pool_busy",
            Self::ClientBody(_) => "client_body",
            Self::Connect(_) => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::Lost(_) => "lost",
            Self::Protocol(_) => "protocol",
        }
    }
}

/// One worker's connections to GT.
#[derive(Debug)]
pub(crate) struct Upstream {
    target: Arc<Target>,
    limits: UpstreamLimits,
    connections: Connections,
    places: Arc<Semaphore>,
    pool: RefCell<Pool>,
}

impl Upstream {
    pub(crate) fn new(
        target: Arc<Target>,
        limits: UpstreamLimits,
        connections: Connections,
    ) -> Rc<Self> {
        Rc::new(Self {
            target,
            limits,
            connections,
            places: Arc::new(Semaphore::new(limits.in_flight)),
            pool: RefCell::new(Pool::new(limits.idle, limits.idle_time)),
        })
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Sends `request` and waits for the head of the answer.
    pub(crate) async fn send(
        self: &Rc<Self>,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Lease), UpstreamError> {
        let place = self.place().await?;
        let fate = request.body().fate();
        loop {
            let kept = self.kept().await;
            let is_kept = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let patience = self.patience(request.body());
            let sent = timeout(patience, sender.try_send_request(request)).await;
            match sent.map_err(|_elapsed| UpstreamError::FirstByteTimeout)? {
                Ok(response) => {
                    let lease = Lease {
                        upstream: Rc::clone(self),
                        sender,
                        _place: place,
                    };
                    return Ok((response, lease));
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(lost(error.into_error(), fate.as_deref())),
                },
            }
        }
    }

    /// Closes what has been kept too long.
    pub(crate) fn sweep(&self) {
        self.pool.borrow_mut().sweep(Instant::now());
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, UpstreamError> {
        let place = Arc::clone(&self.places).acquire_owned();
        match timeout(self.limits.connect, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(UpstreamError::Busy),
        }
    }

    /// A kept connection that is open as far as we know.
    ///
    /// GT closes what is idle too long, and the news of it may be in the system already: for a
    /// connection that was idle for a while it is worth a look, which one turn of the runtime takes.
    async fn kept(&self) -> Option<SendRequest<RequestBody>> {
        loop {
            let (sender, idle) = self.pool.borrow_mut().take(Instant::now())?;
            if idle >= WORTH_A_LOOK {
                yield_now().await;
                if !sender.is_ready() {
                    continue;
                }
            }
            return Some(sender);
        }
    }

    async fn connect(&self) -> Result<SendRequest<RequestBody>, UpstreamError> {
        timeout(self.limits.connect, self.target.connect(&self.connections))
            .await
            .map_err(|_elapsed| UpstreamError::ConnectTimeout)?
    }

    fn patience(&self, body: &RequestBody) -> Duration {
        match body {
            RequestBody::Streamed(_) => self.limits.first_byte + self.limits.body_total,
            _ => self.limits.first_byte,
        }
    }
}

/// Whose fault it was: our client's, if its body failed on the way.
fn lost(error: hyper::Error, fate: Option<&Fate>) -> UpstreamError {
    if let Some(failure) = fate.and_then(Fate::failure) {
        return UpstreamError::ClientBody(failure);
    }
    if error.is_parse() {
        return UpstreamError::Protocol(error);
    }
    UpstreamError::Lost(error)
}

/// A connection whose answer is still being read. Dropping it closes the connection, which is how
/// GT hears that nobody listens any more.
#[derive(Debug)]
pub(crate) struct Lease {
    upstream: Rc<Upstream>,
    sender: SendRequest<RequestBody>,
    _place: OwnedSemaphorePermit,
}

impl Lease {
    /// Gives the connection back: its answer has been read to the end.
    pub(crate) fn give_back(self) {
        self.upstream
            .pool
            .borrow_mut()
            .keep(self.sender, Instant::now());
    }
}

/// No server that keeps connections at all closes one sooner.
const WORTH_A_LOOK: Duration = Duration::from_millis(5);
