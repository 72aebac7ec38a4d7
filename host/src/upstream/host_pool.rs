//! One worker's way to one host: its connections there, and how many requests are on them.

mod pooled_connection;
mod watch;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::connect::{Connection, connect};
use super::connection_limit::{ConnectionLimit, Place};
use super::error::UpstreamError;
use super::hosts::{Host, Hosts};
use super::http1::{Http1, SpareBuffers};
use super::http2::Http2;
use super::pool::{Bounds, Pool};
use crate::config;
use pooled_connection::Protocol;
use watch::Watch;

pub(super) use pooled_connection::{PooledConnection, WireBody};

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
            // Whoever sends on it looks whether anything of it has come.
            if !is_fresh || !protocol.is_free() {
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
        PooledConnection::new(self, protocol, is_kept)
    }

    /// Keeps a connection for the next request, and watches it meanwhile.
    fn keep(self: &Rc<Self>, connection: Http1) {
        let mut watch = self.watch.borrow_mut();
        let watch = watch.get_or_insert_with(|| Watch::begin(Rc::downgrade(self)));
        if watch.takes(&connection) {
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

/// No server that keeps connections at all closes one sooner.
const WORTH_A_LOOK: Duration = Duration::from_millis(5);
