//! The body of an answer: bytes of ours, or GT's as they come.
//!
//! GT's chunks go on one by one, with the model restamped where that is due; nothing waits for
//! more. What must live exactly as long as the answer (the key's permits, the connection to GT)
//! lives in here, so that a client that goes away gives everything back, GT's attention included.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_http::restamp::Restamp;
use tokio::time::{Sleep, sleep};

use super::Held;
use crate::phase::{Phase, Phases};
use crate::upstream::Lease;

/// The body of an answer, and what is held until it ends.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    source: Source,
    held: Held,
}

#[derive(Debug)]
enum Source {
    Bytes(Option<Bytes>),
    Upstream(Box<FromUpstream>),
}

/// GT's answer on its way through.
#[derive(Debug)]
pub(crate) struct FromUpstream {
    incoming: Incoming,
    lease: Option<Lease>,
    restamp: Restamp,
    kind: Kind,
    idle: Duration,
    phases: Rc<Phases>,
    alarm: Option<Pin<Box<Sleep>>>,
    is_over: bool,
}

/// How an answer that breaks off can say so.
///
/// Exhaustive on purpose: only a stream of events has room for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An event with the error ends it.
    Events,
    /// The connection is cut, so that the client does not take a part for the whole.
    Other,
}

/// An answer broke off; hyper cuts the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BrokenOff {
    /// GT's connection broke, or went quiet.
    #[error("the upstream's answer broke off")]
    Upstream,
    /// The host is shutting down.
    #[error("the answer was cut by the shutdown")]
    Shutdown,
}

impl AnswerBody {
    pub(crate) const fn bytes(bytes: Bytes, held: Held) -> Self {
        Self { source: Source::Bytes(Some(bytes)), held }
    }

    pub(crate) fn upstream(mut from: FromUpstream, held: Held) -> Self {
        if from.incoming.is_end_stream() && !from.restamp.changes_bytes() {
            from.end();
        }
        Self { source: Source::Upstream(Box::new(from)), held }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        let next = match &mut this.source {
            Source::Bytes(bytes) => Ok(bytes.take()),
            Source::Upstream(from) => ready!(from.poll_chunk(context)),
        };
        Poll::Ready(match next {
            Ok(chunk) => chunk.map(|chunk| {
                this.held.count(chunk.len());
                Ok(Frame::data(chunk))
            }),
            Err(broken) => {
                this.held.broke_off(broken);
                Some(Err(broken))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Source::Upstream(from) => from.is_over,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Upstream(from) if from.restamp.changes_bytes() => SizeHint::default(),
            Source::Upstream(from) => from.incoming.size_hint(),
        }
    }
}

impl FromUpstream {
    /// GT's body, to be ended where nothing comes for `idle`.
    pub(crate) fn new(
        incoming: Incoming,
        lease: Lease,
        restamp: Restamp,
        kind: Kind,
        idle: Duration,
        phases: &Rc<Phases>,
    ) -> Self {
        let phases = Rc::clone(phases);
        let lease = Some(lease);
        Self { incoming, lease, restamp, kind, idle, phases, alarm: None, is_over: false }
    }

    /// The next bytes for the client; `None` at the end.
    fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, BrokenOff>> {
        while !self.is_over {
            if self.phases.current() == Phase::Cutting {
                return Poll::Ready(self.break_off(BrokenOff::Shutdown, Code::Overloaded));
            }
            let next = Pin::new(&mut self.incoming).poll_frame(context);
            if next.is_pending() {
                ready!(self.poll_alarm(context));
                return Poll::Ready(self.break_off(BrokenOff::Upstream, Code::UpstreamTimeout));
            }
            self.alarm = None;
            match ready!(next) {
                None => return Poll::Ready(Ok(self.last())),
                Some(Err(_broken)) => {
                    return Poll::Ready(self.break_off(BrokenOff::Upstream, Code::UpstreamProtocol));
                }
                Some(Ok(frame)) => {
                    // Trailers speak of the bytes GT sent, and no client of these routes reads any.
                    if let Ok(chunk) = frame.into_data()
                        && let Some(chunk) = self.restamped(chunk)
                    {
                        return Poll::Ready(Ok(Some(chunk)));
                    }
                }
            }
        }
        Poll::Ready(Ok(None))
    }

    /// What of a chunk can go on now; `None` if the restamp has to see more first.
    fn restamped(&mut self, chunk: Bytes) -> Option<Bytes> {
        if !self.restamp.changes_bytes() {
            if self.incoming.is_end_stream() {
                self.end();
            }
            return Some(chunk);
        }
        let mut out = Vec::with_capacity(chunk.len() + 64);
        self.restamp.push(&chunk, &mut out);
        (!out.is_empty()).then(|| out.into())
    }

    /// What the restamp kept back; the connection to GT is free again.
    fn last(&mut self) -> Option<Bytes> {
        self.end();
        let mut out = Vec::new();
        if self.restamp.changes_bytes() {
            self.restamp.finish(&mut out);
        }
        (!out.is_empty()).then(|| out.into())
    }

    fn end(&mut self) {
        self.is_over = true;
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    fn break_off(&mut self, broken: BrokenOff, code: Code) -> Result<Option<Bytes>, BrokenOff> {
        self.is_over = true;
        self.lease = None;
        match self.kind {
            Kind::Other => Err(broken),
            Kind::Events => {
                let mut out = Vec::new();
                if self.restamp.changes_bytes() {
                    self.restamp.finish(&mut out);
                }
                out.extend_from_slice(&Refusal::of(code).sse_event());
                Ok(Some(out.into()))
            }
        }
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(self.idle)));
        alarm.as_mut().poll(context)
    }
}
