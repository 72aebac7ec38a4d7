//! One worker's way to GT: to which of its hosts a request goes, and on which connection.
//!
//! Everything here lives on one thread, so nothing is locked; only how the hosts stand is shared.
//! A request goes to the host with the fewest requests of this worker. A connection that closed
//! before the request was written on it, and a stream that GT refused to begin with, are replaced
//! without a word, at another host if need be; nothing else is ever sent twice.

mod answer;
mod body;
mod check;
mod connect;
mod connection_limit;
mod dial;
mod error;
mod guards;
mod host_pool;
mod hosts;
mod http1;
mod http2;
pub(crate) mod models;
mod outlier;
mod pool;
pub(crate) mod resolve;
pub(crate) mod routes_file;
mod tls;

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, header};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub(crate) use answer::AnswerBody;
pub(crate) use body::{BodyOutcome, BodyTimes, Coming, RequestBody};
pub(crate) use check::check_hosts;
pub(crate) use error::UpstreamError;
pub(crate) use hosts::Hosts;
pub use hosts::TargetError;
pub use routes_file::RoutesFileError;
pub(crate) use tls::Trust;
pub use tls::TrustError;

use crate::alarm::Alarm;
use connection_limit::ConnectionLimit;
use error::ExchangeError;
use host_pool::{HostPool, PooledConnection};
use outlier::Availability;
use pool::Bounds;

/// How a worker deals with GT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpstreamLimits {
    /// For a connection to come about, TLS and all, whatever hosts and addresses are tried, and
    /// for a free place in the bounded pool.
    pub(crate) connect: Duration,
    /// From the end of the request to the head of the answer.
    pub(crate) first_byte: Duration,
    /// How long a request body may take that is still coming while it is sent.
    pub(crate) body_total: Duration,
    /// Connections to one host.
    pub(crate) connections: usize,
    /// Those kept without a request on them.
    pub(crate) idle: usize,
    /// How long such a connection is kept.
    pub(crate) idle_time: Duration,
    /// How long a connection is given requests.
    pub(crate) age: Duration,
}

/// One worker's connections to GT.
#[derive(Debug)]
pub(crate) struct Upstream {
    hosts: Arc<Hosts>,
    limits: UpstreamLimits,
    lanes: Vec<Rc<HostPool>>,
    /// Whose turn it is among hosts that have equally many requests.
    turn: Cell<usize>,
    /// TimerEvent when a request that waits for a connection may look again.
    freed: Rc<Notify>,
}

/// What was tried for one request.
#[derive(Debug, Default)]
struct Tried {
    /// Hosts that could not be connected to, and how that went with the last.
    hosts: Vec<usize>,
    error: Option<UpstreamError>,
    /// Until when there has to be a connection.
    end: Option<Instant>,
    /// How often GT refused to begin with it.
    refusals: usize,
}

impl Upstream {
    pub(crate) fn new(hosts: Arc<Hosts>, limits: UpstreamLimits) -> Rc<Self> {
        let freed = Rc::new(Notify::new());
        let bounds = Bounds {
            idle: limits.idle,
            idle_time: limits.idle_time,
            age: limits.age,
        };
        let places = || ConnectionLimit::new(limits.connections, Rc::clone(&freed));
        let lanes = hosts.list.iter();
        let lanes = lanes.map(|host| HostPool::new(&hosts, host, places(), bounds));
        Rc::new(Self {
            lanes: lanes.collect(),
            hosts,
            limits,
            turn: Cell::new(0),
            freed,
        })
    }
    /// The one host there is; `None` if there are several to choose from.
    pub(crate) fn only_host(&self) -> Option<&HeaderValue> {
        match &*self.hosts.list {
            [host] => Some(&host.authority),
            _ => None,
        }
    }

    /// Sends `request` to one of the hosts and waits for the head of the answer. `host` and what
    /// else depends on the host is set here. Whose task it is has the `alarm`.
    pub(crate) async fn send(
        &self,
        mut request: Request<RequestBody>,
        alarm: &Alarm,
    ) -> Result<Response<AnswerBody>, UpstreamError> {
        let fate = request.body().fate();
        let patience = self.patience(request.body());
        let mut tried = Tried::default();
        loop {
            let mut way = self.way(&mut tried).await?;
            let host = &*Rc::clone(way.lane()).host;
            let authority = host.authority.clone();
            request.headers_mut().insert(header::HOST, authority);
            let deadline = alarm.deadline(Instant::now() + patience);
            let sent = deadline.bounds(pin!(way.send(&mut request))).await;
            match sent {
                None => return Err(UpstreamError::FirstByteTimeout),
                Some(Ok(response)) => {
                    self.hosts.answered(host);
                    return Ok(response.map(|body| AnswerBody::new(body, way)));
                }
                Some(Err((error, true))) => self.replaces(&way, error, &mut tried)?,
                Some(Err((error, false))) => {
                    let error = lost(error, fate.as_deref());
                    self.hosts.failed(host, &error);
                    return Err(error);
                }
            }
        }
    }

    /// Closes what has been kept too long.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        for lane in &self.lanes {
            lane.sweep(now);
        }
    }

    /// A connection for a request: one that is there, or a new one as soon as there may be one.
    async fn way(&self, tried: &mut Tried) -> Result<PooledConnection, UpstreamError> {
        loop {
            let Some(index) = self.choose(tried) else {
                return Err(tried.error.take().unwrap_or(UpstreamError::Busy));
            };
            let Some(lane) = self.lanes.get(index) else {
                return Err(UpstreamError::Busy);
            };
            if let Some(way) = lane.kept().await {
                return Ok(way);
            }
            let end = *tried
                .end
                .get_or_insert_with(|| Instant::now() + self.limits.connect);
            let Some(place) = lane.place() else {
                let freed = timeout_at(end, self.freed.notified()).await;
                freed.map_err(|_elapsed| UpstreamError::Busy)?;
                continue;
            };
            let until = self.until(end, tried);
            // Boxed: few requests make a connection, and each would have the room for it.
            let connecting = Box::pin(lane.connect(place));
            let connected = match timeout_at(until, connecting).await {
                Ok(connected) => connected,
                Err(_elapsed) => Err(UpstreamError::ConnectTimeout),
            };
            match connected {
                Ok(way) => return Ok(way),
                Err(error) => self.cannot_connect(index, error, tried),
            }
        }
    }

    /// The host a request goes to: of those that are used, the one with the fewest requests under
    /// way here. Where none is used, all are: one of them may be well again, and there is no other.
    fn choose(&self, tried: &Tried) -> Option<usize> {
        if let [_only] = &*self.lanes {
            return tried.hosts.is_empty().then_some(0);
        }
        let is_used = |lane: &HostPool| lane.host.may_use(self.limits.connect);
        let mut best: Option<(usize, usize)> = None;
        let mut spare: Option<(usize, usize)> = None;
        let turn = self.turn.get();
        for step in 0..self.lanes.len() {
            let index = (turn + step) % self.lanes.len();
            let Some(lane) = self.lanes.get(index) else {
                continue;
            };
            if tried.hosts.contains(&index) {
                continue;
            }
            let load = lane.load();
            let place = match is_used(lane) {
                Availability::Probe => {
                    self.turn.set(index + 1);
                    return Some(index);
                }
                Availability::Available => &mut best,
                Availability::Ejected => &mut spare,
            };
            if place.is_none_or(|(_, least)| load < least) {
                *place = Some((index, load));
            }
        }
        let (index, _) = best.or(spare)?;
        self.turn.set(index + 1);
        Some(index)
    }

    /// Until when one host may take to be connected to: its share of what is left, so that the
    /// next has some too.
    fn until(&self, end: Instant, tried: &Tried) -> Instant {
        let now = Instant::now();
        let others = self.lanes.len().saturating_sub(tried.hosts.len());
        let share = u32::try_from(others).unwrap_or(u32::MAX).max(1);
        now + end.saturating_duration_since(now) / share
    }

    /// Notes that a host could not be connected to. The request goes on to the others.
    fn cannot_connect(&self, index: usize, error: UpstreamError, tried: &mut Tried) {
        if let Some(lane) = self.lanes.get(index) {
            self.hosts.failed(&lane.host, &error);
        }
        tried.hosts.push(index);
        tried.error = Some(error);
    }

    /// A request that nothing was begun with: it goes out again. A connection that was kept is
    /// replaced; a new one that takes nothing is as good as none; and a GT that goes on refusing
    /// is believed at last.
    fn replaces(
        &self,
        way: &PooledConnection,
        error: ExchangeError,
        tried: &mut Tried,
    ) -> Result<(), UpstreamError> {
        if is_refused(&error) {
            tried.refusals += 1;
            if tried.refusals > MOST_REFUSALS {
                return Err(UpstreamError::Refused(error));
            }
        } else if !way.is_kept {
            let is_it = |lane: &Rc<HostPool>| Rc::ptr_eq(lane, way.lane());
            let index = self.lanes.iter().position(is_it).unwrap_or_default();
            let error = UpstreamError::Connect(io::Error::other(error));
            self.cannot_connect(index, error, tried);
        }
        Ok(())
    }

    fn patience(&self, body: &RequestBody) -> Duration {
        match body {
            RequestBody::Streamed(_) => self.limits.first_byte + self.limits.body_total,
            _ => self.limits.first_byte,
        }
    }
}

/// Whose fault it was: our client's, if its body failed on the way.
fn lost(error: ExchangeError, fate: Option<&BodyOutcome>) -> UpstreamError {
    if let Some(failure) = fate.and_then(BodyOutcome::failure) {
        return UpstreamError::ClientBody(failure);
    }
    if is_refused(&error) {
        return UpstreamError::Refused(error);
    }
    let is_protocol = match &error {
        ExchangeError::Http1(error) => error.is_protocol(),
        ExchangeError::Http2(error) => error.is_parse() || http2::is_other_protocol(error),
        ExchangeError::CutShort => false,
    };
    if is_protocol {
        return UpstreamError::Protocol(error);
    }
    UpstreamError::Lost(error)
}

/// Whether GT said that it did not begin with a request.
fn is_refused(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Http2(error) if http2::is_refused(error))
}

/// A connection that is going away refuses once; one that has as many streams as it takes may do so
/// once more.
const MOST_REFUSALS: usize = 3;
