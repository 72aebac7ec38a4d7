//! The body of an answer: bytes of ours, or GT's as they come.
//!
//! GT's chunks go on one by one, with the model restamped where that is due; nothing waits for
//! more. What must live exactly as long as the answer (the key's permits, the connection to GT)
//! lives in here, so that a client that goes away gives everything back, GT's attention included.

mod keep_alive;

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use signalbox_http::restamp::Restamp;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::abort_reason::BrokenOff;
use crate::cancellation::{Cancellation, LOOK};
use crate::config::Times;
use crate::phase::{Phase, Phases};
use crate::request_guards::Held;
use crate::upstream::Lease;
use keep_alive::KeepAlive;

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
    /// `None` once nothing more is wanted of it: over HTTP/2 that ends its stream.
    incoming: Option<Incoming>,
    lease: Option<Lease>,
    restamp: Restamp,
    kind: Kind,
    idle: Duration,
    phases: Rc<Phases>,
    cancellation: Cancellation,
    /// Set while nothing comes; it may ring early, and is set again then.
    alarm: Option<Pin<Box<Sleep>>>,
    heard: Instant,
    keep_alive: Option<KeepAlive>,
    /// hyper takes a stream that is reset with `CANCEL` or `NO_ERROR` for one that ended.
    is_http2: bool,
    /// Zero once the end was told.
    status: u16,
    is_over: bool,
    broke_off: Option<BrokenOff>,
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

impl AnswerBody {
    pub(crate) const fn bytes(bytes: Bytes, held: Held) -> Self {
        Self {
            source: Source::Bytes(Some(bytes)),
            held,
        }
    }

    /// The same answer without its bytes, for whoever asked for its head only.
    pub(crate) fn left_out(mut self) -> Self {
        self.source = Source::Bytes(None);
        self
    }

    pub(crate) fn upstream(mut from: FromUpstream, held: Held) -> Self {
        if from.is_at_end() && !from.restamp.changes_bytes() {
            from.end();
        }
        let mut body = Self {
            source: Source::Upstream(Box::new(from)),
            held,
        };
        body.note_end();
        body
    }

    /// Tells the trail, once, that GT's answer is over.
    fn note_end(&mut self) {
        let Source::Upstream(from) = &mut self.source else {
            return;
        };
        if !from.is_over || from.status == 0 {
            return;
        }
        match from.broke_off {
            Some(broken) => self.held.trail.broke_off(broken),
            None => self
                .held
                .trail
                .passed_on(from.status, from.restamp.oversized()),
        }
        from.status = 0;
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
        this.note_end();
        Poll::Ready(match next {
            Ok(chunk) => chunk.map(|chunk| {
                this.held.trail.sent(chunk.len());
                Ok(Frame::data(chunk))
            }),
            Err(broken) => Some(Err(broken)),
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
            Source::Upstream(from) => from
                .incoming
                .as_ref()
                .map_or_else(SizeHint::default, Body::size_hint),
        }
    }
}

impl FromUpstream {
    /// GT's body, on its way to the holder of a key.
    pub(crate) fn new(
        answer: Response<Incoming>,
        lease: Lease,
        restamp: Restamp,
        kind: Kind,
        times: &Times,
        phases: &Rc<Phases>,
        cancellation: Cancellation,
    ) -> Self {
        let keep_alive = times.sse_comment.filter(|_| kind == Kind::Events);
        Self {
            status: answer.status().as_u16(),
            is_http2: answer.version() == Version::HTTP_2,
            incoming: Some(answer.into_body()),
            lease: Some(lease),
            restamp,
            kind,
            idle: times.answer_idle.duration(),
            phases: Rc::clone(phases),
            cancellation,
            alarm: None,
            heard: Instant::now(),
            keep_alive: keep_alive.map(|every| KeepAlive::new(every.duration())),
            is_over: false,
            broke_off: None,
        }
    }

    /// The next bytes for the client; `None` at the end.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BrokenOff>> {
        while !self.is_over {
            if self.phases.current() == Phase::Cutting {
                return Poll::Ready(self.break_off(BrokenOff::Shutdown));
            }
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(Ok(None));
            };
            let next = match Pin::new(incoming).poll_frame(context) {
                Poll::Ready(next) => next,
                Poll::Pending => {
                    let rung = ready!(self.poll_alarm(context));
                    return Poll::Ready(match rung {
                        Rung::End(broken) => self.break_off(broken),
                        Rung::Comment => Ok(Some(KeepAlive::COMMENT)),
                    });
                }
            };
            if let Some(broken) = self.hears() {
                return Poll::Ready(self.break_off(broken));
            }
            match next {
                None if self.is_http2 && !self.is_at_end() => {
                    return Poll::Ready(self.break_off(BrokenOff::Upstream));
                }
                None => return Poll::Ready(Ok(self.last())),
                Some(Err(_broken)) => {
                    return Poll::Ready(self.break_off(BrokenOff::Upstream));
                }
                Some(Ok(frame)) => {
                    // Trailers speak of the bytes GT sent, and no client of these routes reads any.
                    let Ok(chunk) = frame.into_data() else {
                        continue;
                    };
                    if let Some(keep_alive) = &mut self.keep_alive {
                        keep_alive.hears(&chunk, self.heard);
                    }
                    if let Some(chunk) = self.restamped(chunk) {
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
            if self.is_at_end() {
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

    fn is_at_end(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn end(&mut self) {
        self.is_over = true;
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }

    fn break_off(&mut self, broken: BrokenOff) -> Result<Option<Bytes>, BrokenOff> {
        self.is_over = true;
        self.incoming = None;
        self.lease = None;
        self.broke_off = Some(broken);
        match self.kind {
            Kind::Other => Err(broken),
            Kind::Events => {
                let mut out = Vec::new();
                if self.restamp.changes_bytes() {
                    self.restamp.finish(&mut out);
                }
                out.extend_from_slice(&broken.refusal().sse_event());
                Ok(Some(out.into()))
            }
        }
    }

    /// Something came: the wait begins anew. A busy stream looks for its cancellation here.
    fn hears(&mut self) -> Option<BrokenOff> {
        self.heard = Instant::now();
        self.cancellation.look_if_due(self.heard)
    }

    /// Nothing comes: ready when something is to be done about it. A quiet stream looks for its
    /// cancellation here.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<Rung> {
        loop {
            let end = self.heard + self.idle;
            let comment = self.keep_alive.as_ref().and_then(KeepAlive::due);
            let due = comment.map_or(end, |comment| comment.min(end));
            let alarm = self
                .alarm
                .get_or_insert_with(|| Box::pin(sleep_until(due.min(Instant::now() + LOOK))));
            if alarm.deadline() > due {
                alarm.as_mut().reset(due);
            }
            ready!(alarm.as_mut().poll(context));
            self.alarm = None;
            let now = Instant::now();
            if now >= end {
                return Poll::Ready(Rung::End(BrokenOff::Quiet));
            }
            if let Some(broken) = self.cancellation.look() {
                return Poll::Ready(Rung::End(broken));
            }
            if let Some(keep_alive) = &mut self.keep_alive
                && keep_alive.speaks(now)
            {
                return Poll::Ready(Rung::Comment);
            }
        }
    }
}

/// What is to be done about GT's silence.
#[derive(Clone, Copy, Debug)]
enum Rung {
    Comment,
    End(BrokenOff),
}
