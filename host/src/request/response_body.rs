//! The body of an answer: bytes of ours, or GT's as they come.
//!
//! GT's chunks go on as they come, with the model restamped where that is due; nothing waits for
//! more, but events that are here together go on together. What must live exactly as long as the
//! answer (the key's permits, the connection to GT) lives in here, so that a client that goes away
//! gives everything back, GT's attention included.

mod keep_alive;
mod together;

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use signalbox_gate::keyring::{Key, KeyStatus};
use signalbox_gate::{AbortReason, Completion, Facts, Gate, RelayBody};
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::config::Times;
use crate::observe::request_log::RequestLog;
use crate::server::phase::{Phase, Phases};
use crate::upstream::AnswerBody;
use keep_alive::KeepAlive;
use together::Together;

/// The body of an answer, and what is held until it ends.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    Bytes(Option<Bytes>, Completion<RequestLog>),
    Upstream(Box<FromUpstream>),
}

/// GT's answer on its way through.
#[derive(Debug)]
pub(crate) struct FromUpstream {
    /// `None` once nothing more is wanted of it: GT hears of that.
    incoming: Option<AnswerBody>,
    relay: RelayBody<RequestLog>,
    idle: Duration,
    phases: Rc<Phases>,
    alarm: Alarm,
    /// When GT last sent something, or was last waited for.
    heard: Instant,
    /// Whether GT is waited for.
    waits: bool,
    keep_alive: Option<KeepAlive>,
    together: Together,
    /// GT's answer broke off, and that was not said yet.
    is_broken: bool,
    is_over: bool,
}

impl ResponseBody {
    /// Why the answer is to end now, although nobody asks for more of it: its key or its policy has
    /// ended.
    pub(crate) fn cancelled(&mut self, gate: &Gate, now: Instant) -> Option<AbortReason> {
        match self {
            Self::Bytes(_, completion) => {
                let facts = completion.facts();
                // A refusal says already that its key is none.
                let was_valid = is_valid(facts);
                (was_valid && !gate.still_admits(facts)).then_some(AbortReason::Key)
            }
            Self::Upstream(from) => from.relay.cancelled(now.into_std()),
        }
    }

    /// It ends here, and its client takes no more of it: GT hears of that.
    pub(crate) fn abort(&mut self, reason: AbortReason) {
        match self {
            Self::Bytes(bytes, completion) => {
                *bytes = None;
                completion.observer_mut().broke_off(reason);
            }
            Self::Upstream(from) => {
                // What a stream of events could end with is not taken either.
                let _ = from.break_off(reason);
            }
        }
    }

    /// Whether its client has shown no key that may be used.
    pub(crate) fn is_strangers(&self) -> bool {
        match self {
            Self::Bytes(_, completion) => !is_valid(completion.facts()),
            Self::Upstream(_) => false,
        }
    }

    /// The same answer without its bytes, for whoever asked for its head only.
    pub(crate) fn left_out(self) -> Self {
        match self {
            Self::Bytes(_, completion) => Self::Bytes(None, completion),
            Self::Upstream(mut from) => {
                from.leave_out();
                Self::Upstream(from)
            }
        }
    }
}

/// Whether a request had a key that could be used when it came.
fn is_valid(facts: &Facts) -> bool {
    let is_valid = |key: &Arc<Key>| key.status(facts.time()) == KeyStatus::Valid;
    facts.key().is_some_and(is_valid)
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = AbortReason;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbortReason>>> {
        let (chunk, log) = match self.get_mut() {
            Self::Bytes(bytes, completion) => (bytes.take(), completion.observer_mut()),
            Self::Upstream(from) => match ready!(from.poll_chunks(context)) {
                Ok(chunk) => (chunk, from.relay.observer_mut()),
                Err(aborted) => return Poll::Ready(Some(Err(aborted))),
            },
        };
        Poll::Ready(chunk.map(|chunk| {
            log.sent(chunk.len());
            Ok(Frame::data(chunk))
        }))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes, _) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Upstream(from) => from.is_over && !from.together.is_broken(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes, _) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Upstream(from) if from.relay.changes_bytes() => SizeHint::default(),
            Self::Upstream(from) => from
                .incoming
                .as_ref()
                .map_or_else(SizeHint::default, Body::size_hint),
        }
    }
}

impl FromUpstream {
    /// GT's body, on its way to the holder of a key.
    pub(crate) fn new(
        incoming: AnswerBody,
        relay: RelayBody<RequestLog>,
        times: &Times,
        phases: &Rc<Phases>,
    ) -> Self {
        let keep_alive = times.sse_comment.filter(|_| relay.is_events());
        let mut from = Self {
            incoming: Some(incoming),
            relay,
            idle: times.answer_idle.duration(),
            phases: Rc::clone(phases),
            alarm: Alarm::default(),
            heard: Instant::now(),
            waits: false,
            keep_alive: keep_alive.map(|every| KeepAlive::new(every.duration())),
            together: Together::default(),
            is_broken: false,
            is_over: false,
        };
        if from.is_at_end() && !from.relay.changes_bytes() {
            from.end();
        }
        from
    }

    /// The next bytes for the client; `None` at the end. Events of which the first came without a
    /// wait are joined: each by itself costs more to send than to copy.
    fn poll_chunks(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, AbortReason>> {
        let joins = !self.waits && self.relay.is_events();
        let mut together = std::mem::take(&mut self.together);
        let chunk = together.poll(joins, || self.poll_chunk(context));
        self.together = together;
        chunk
    }

    /// The next chunk for the client; `None` at the end.
    fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, AbortReason>> {
        while !self.is_over {
            if self.phases.current() == Phase::Cutting {
                return Poll::Ready(self.break_off(AbortReason::Shutdown));
            }
            if self.is_broken {
                return Poll::Ready(self.break_off(AbortReason::Upstream));
            }
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(Ok(None));
            };
            let next = match Pin::new(incoming).poll_frame(context) {
                Poll::Ready(next) => next,
                Poll::Pending => {
                    // A client that was slow itself is not GT's fault.
                    if !std::mem::replace(&mut self.waits, true) {
                        self.heard = Instant::now();
                    }
                    let rung = ready!(self.poll_alarm(context));
                    return Poll::Ready(match rung {
                        TimerEvent::End(broken) => self.break_off(broken),
                        TimerEvent::Comment => Ok(Some(KeepAlive::COMMENT)),
                    });
                }
            };
            if let Some(broken) = self.hears() {
                return Poll::Ready(self.break_off(broken));
            }
            match next {
                None => return Poll::Ready(Ok(self.end())),
                Some(Err(_broken)) => {
                    // hyper writes when a body has nothing for a turn, and drops what it has not
                    // written of one that fails: the head and the bytes before the failure.
                    self.is_broken = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Ok(frame)) => {
                    let Ok(chunk) = frame.into_data() else {
                        continue;
                    };
                    if let Some(keep_alive) = &mut self.keep_alive {
                        keep_alive.hears(self.heard);
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
        let passes = self.relay.push(chunk);
        if !self.relay.changes_bytes() && self.is_at_end() {
            self.end();
        }
        passes
    }

    /// Nothing of it is wanted: GT hears of that.
    fn leave_out(&mut self) {
        self.is_over = true;
        self.incoming = None;
    }

    fn is_at_end(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    /// What was kept back.
    fn end(&mut self) -> Option<Bytes> {
        self.is_over = true;
        let last = self.relay.finish();
        let skipped = self.relay.oversized();
        self.relay.observer_mut().passed_on(skipped);
        last
    }

    fn break_off(&mut self, reason: AbortReason) -> Result<Option<Bytes>, AbortReason> {
        self.leave_out();
        let last = self.relay.abort(reason);
        self.relay.observer_mut().broke_off(reason);
        last.map(Some).ok_or(reason)
    }

    /// Something came: the wait begins anew. A busy stream looks for its cancellation here.
    fn hears(&mut self) -> Option<AbortReason> {
        self.waits = false;
        self.heard = Instant::now();
        self.relay.cancelled_if_due(self.heard.into_std())
    }

    /// Nothing comes: ready when something is to be done about it. A quiet stream looks for its
    /// cancellation here.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<TimerEvent> {
        loop {
            let end = self.heard + self.idle;
            let is_between_events = self.relay.is_between_events();
            let mut keep_alive = self.keep_alive.as_mut().filter(|_| is_between_events);
            let comment = keep_alive.as_ref().map(|it| it.due());
            let due = comment.map_or(end, |comment| comment.min(end));
            ready!(self.alarm.poll(due, context));
            let now = Instant::now();
            if now >= end {
                return Poll::Ready(TimerEvent::End(AbortReason::Quiet));
            }
            if let Some(broken) = self.relay.cancelled(now.into_std()) {
                return Poll::Ready(TimerEvent::End(broken));
            }
            if let Some(keep_alive) = &mut keep_alive
                && keep_alive.speaks(now)
            {
                return Poll::Ready(TimerEvent::Comment);
            }
        }
    }
}

/// What is to be done about GT's silence.
#[derive(Clone, Copy, Debug)]
enum TimerEvent {
    Comment,
    End(AbortReason),
}
