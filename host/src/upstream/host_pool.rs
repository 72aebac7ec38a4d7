//! One worker's way to one host: its connections there, and how many requests are on them.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use signalbox_http::http1::BodyDecoder;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, yield_now};
use tokio::time::Instant;

use super::body::RequestBody;
use super::connect::{Connection, connect};
use super::connection_limit::{ConnectionLimit, Place};
use super::error::{ExchangeError, UpstreamError};
use super::hosts::{Host, Hosts};
use super::http1::{Http1, SpareBuffers};
use super::http2::{Http2, Stream};
use super::pool::{Bounds, Pool};
use crate::config;

/// One worker's way to one host.
#[derive(Debug)]
pub(super) struct HostPool {
    hosts: Arc<Hosts>,
    pub(super) host: Arc<Host>,
    places: Rc<ConnectionLimit>,
    pool: RefCell<Pool>,
    watch: RefCell<Option<Watch>>,
    spares: Rc<SpareBuffers>,
    shared: RefCell<Vec<Rc<Http2>>>,
    bounds: Bounds,
    /// Requests under way.
    load: Cell<usize>,
    /// What the host spoke the last time; `None` before the first.
    speaks_http2: Cell<Option<bool>>,
    /// Where connections are shared, one at a time is made.
    gate: Semaphore,
}

/// A request's way on a connection, until it is dropped: that closes a connection of its own, and
/// ends the stream on one that is shared.
#[derive(Debug)]
pub(super) struct PooledConnection {
    /// Before `load`, whose end says that it is free.
    protocol: Protocol,
    load: Load,
    /// It was there before the request.
    pub(super) is_kept: bool,
}

#[derive(Debug)]
enum Protocol {
    Own(Http1),
    Shared(Stream),
}

/// What the body of an answer is read from.
#[derive(Debug)]
pub(super) enum WireBody {
    Http1(BodyDecoder),
    Http2(Incoming),
}

/// A request under way, until it is dropped.
#[derive(Debug)]
struct Load(Rc<HostPool>);

/// The one task that hears when GT closes a connection that is kept, or speaks on it. It ends when
/// this is dropped; the worker's `LocalSet` owns it.
#[derive(Debug)]
struct Watch {
    task: AbortHandle,
    /// `None` until it has begun.
    waker: Option<Waker>,
}

impl HostPool {
    pub(super) fn new(
        hosts: &Arc<Hosts>,
        host: &Arc<Host>,
        places: Rc<ConnectionLimit>,
        bounds: Bounds,
    ) -> Rc<Self> {
        let speaks_http2 = match (hosts.http2, &host.tls) {
            (config::Http2::PriorKnowledge, _) => Some(true),
            (config::Http2::Auto, Some(_)) => None,
            _ => Some(false),
        };
        Rc::new(Self {
            hosts: Arc::clone(hosts),
            host: Arc::clone(host),
            places,
            pool: RefCell::new(Pool::new(bounds)),
            watch: RefCell::default(),
            spares: Rc::default(),
            shared: RefCell::default(),
            bounds,
            load: Cell::new(0),
            speaks_http2: Cell::new(speaks_http2),
            gate: Semaphore::new(1),
        })
    }

    /// Requests under way.
    pub(super) fn load(&self) -> usize {
        self.load.get()
    }

    /// A connection that is there and open as far as we know.
    ///
    /// GT closes what is idle too long, and the news of it may be in the system already: for a
    /// connection that was idle for a while it is worth a look. What the system has, one turn of the
    /// runtime brings; so it does what is still being written on a connection that was given back.
    pub(super) async fn kept(self: &Rc<Self>) -> Option<PooledConnection> {
        loop {
            let now = Instant::now();
            let (protocol, idle) = self.own(now).or_else(|| self.shared(now))?;
            let is_fresh = idle < WORTH_A_LOOK || protocol.is_silent();
            if !is_fresh || !protocol.is_ready() {
                yield_now().await;
                if !protocol.is_ready() {
                    continue;
                }
            }
            return Some(self.way(protocol, true));
        }
    }

    fn own(&self, now: Instant) -> Option<(Protocol, Duration)> {
        let (connection, idle) = self.pool.borrow_mut().take(now)?;
        Some((Protocol::Own(connection), idle))
    }

    fn shared(&self, now: Instant) -> Option<(Protocol, Duration)> {
        if self.speaks_http2.get() == Some(false) {
            return None;
        }
        self.sweep_shared(now);
        self.shared.borrow().iter().find_map(|connection| {
            let idle = connection.idle(now).unwrap_or_default();
            Some((Protocol::Shared(connection.open()?), idle))
        })
    }

    /// A connection of which GT has not said yet how many streams it takes.
    fn new_one(&self) -> Option<Rc<Http2>> {
        let shared = self.shared.borrow();
        let new = shared.iter().find(|connection| connection.is_new());
        new.map(Rc::clone)
    }

    /// A place for one more connection.
    pub(super) fn place(&self) -> Option<Place> {
        self.places.take()
    }

    /// A new connection; or one that another request has made meanwhile, where they are shared.
    pub(super) async fn connect(
        self: &Rc<Self>,
        place: Place,
    ) -> Result<PooledConnection, UpstreamError> {
        let mut alone = None;
        if self.speaks_http2.get() != Some(false) {
            alone = self.gate.acquire().await.ok();
        }
        // Whoever was first knows better.
        let _alone = alone.filter(|_| self.speaks_http2.get() != Some(false));
        loop {
            if let Some((protocol, _idle)) = self.shared(Instant::now()) {
                return Ok(self.way(protocol, true));
            }
            // GT says with its first bytes how many streams it takes: that is worth waiting for.
            match self.new_one() {
                Some(connection) => connection.settled().await,
                None => break,
            }
        }
        let connecting = connect(&self.hosts, &self.host, Some(place), &self.spares);
        let protocol = match connecting.await? {
            Connection::Http1(own) => {
                self.speaks_http2.set(Some(false));
                Protocol::Own(own)
            }
            Connection::Http2(shared) => {
                self.speaks_http2.set(Some(true));
                let stream = shared.open();
                self.shared.borrow_mut().push(shared);
                self.places.ring_all();
                // Unless it is gone already: GT has not said yet how many streams it takes.
                let gone = || UpstreamError::Connect(io::ErrorKind::ConnectionAborted.into());
                Protocol::Shared(stream.ok_or_else(gone)?)
            }
        };
        Ok(self.way(protocol, false))
    }

    fn way(self: &Rc<Self>, protocol: Protocol, is_kept: bool) -> PooledConnection {
        self.load.set(self.load.get() + 1);
        PooledConnection {
            protocol,
            load: Load(Rc::clone(self)),
            is_kept,
        }
    }

    /// Keeps a connection for the next request, and watches it meanwhile.
    fn keep(self: &Rc<Self>, connection: Http1) {
        let mut watch = self.watch.borrow_mut();
        let watch = watch.get_or_insert_with(|| Watch::begin(Rc::downgrade(self)));
        let look = |waker| connection.is_quiet(&mut Context::from_waker(waker));
        if watch.waker.as_ref().is_none_or(look) {
            self.pool.borrow_mut().keep(connection, Instant::now());
        }
    }

    /// Closes what has been kept too long.
    pub(super) fn sweep(&self, now: Instant) {
        self.pool.borrow_mut().sweep(now);
        self.sweep_shared(now);
    }

    /// What is only too old goes on with the streams it has.
    fn sweep_shared(&self, now: Instant) {
        self.shared.borrow_mut().retain(|connection| {
            let is_spare = |idle| idle >= self.bounds.idle_time;
            !connection.is_closed()
                && connection.age(now) < self.bounds.age
                && !connection.idle(now).is_some_and(is_spare)
        });
    }
}

impl PooledConnection {
    /// The head of the answer; or the request again if GT did not begin with it.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<WireBody>, (ExchangeError, Option<Request<RequestBody>>)> {
        match &mut self.protocol {
            Protocol::Own(connection) => match connection.send(request).await {
                Ok(answer) => Ok(answer.map(WireBody::Http1)),
                Err((error, unsent)) => Err((error.into(), unsent)),
            },
            Protocol::Shared(stream) => match stream.send(&self.load.0.host, request).await {
                Ok(answer) => Ok(answer.map(WireBody::Http2)),
                Err((error, unsent)) => Err((error.into(), unsent)),
            },
        }
    }

    /// The next piece of an answer over HTTP/1.1; `None` at its end.
    pub(super) fn poll_piece(
        &mut self,
        body: &mut BodyDecoder,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ExchangeError>>> {
        let Protocol::Own(connection) = &mut self.protocol else {
            return Poll::Ready(None);
        };
        let piece = connection.poll_piece(body, context);
        piece.map(|piece| piece.map(|piece| piece.map_err(ExchangeError::from)))
    }

    /// The answer was read to its end: the connection is free for the next request.
    pub(super) fn give_back(self) {
        let Self { protocol, load, .. } = self;
        let lane = &load.0;
        match protocol {
            Protocol::Own(connection) => lane.keep(connection),
            Protocol::Shared(stream) => drop(stream),
        }
    }

    pub(super) fn lane(&self) -> &Rc<HostPool> {
        &self.load.0
    }
}

impl Protocol {
    fn is_ready(&self) -> bool {
        match self {
            Self::Own(connection) => connection.is_ready(),
            Self::Shared(stream) => !stream.is_closed(),
        }
    }

    /// Whether a look into the system shows that it is as we know it.
    fn is_silent(&self) -> bool {
        match self {
            Self::Own(connection) => connection.is_silent(),
            Self::Shared(_) => false,
        }
    }
}

impl Watch {
    fn begin(lane: Weak<HostPool>) -> Self {
        let watching = poll_fn(move |context| {
            let Some(lane) = lane.upgrade() else {
                return Poll::Ready(());
            };
            if let Some(watch) = &mut *lane.watch.borrow_mut() {
                watch.waker = Some(context.waker().clone());
            }
            lane.pool.borrow_mut().watch(context);
            Poll::Pending
        });
        Self {
            task: tokio::task::spawn_local(watching).abort_handle(),
            waker: None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.load.set(self.0.load.get() - 1);
        self.0.places.ring();
    }
}

/// No server that keeps connections at all closes one sooner.
const WORTH_A_LOOK: Duration = Duration::from_millis(5);
