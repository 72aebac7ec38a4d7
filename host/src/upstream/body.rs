//! What is sent to GT: nothing, bytes that are held already, or a client's body as it comes.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use signalbox_gate::{BodyFailure, RestOfBody};
use signalbox_swap::error_chain;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::request::incoming_body::IncomingBody;
use crate::request::spool::Before;

/// The body of a request to GT.
#[derive(Debug)]
pub(crate) enum RequestBody {
    Empty,
    /// All of it is here.
    Held(Before),
    Streamed(Box<Streamed>),
}

/// A client's body on its way through: never more of it here than what was held before anybody knew
/// where it goes, and one piece.
#[derive(Debug)]
pub(crate) struct Streamed {
    before: Before,
    /// What the client has sent already, and nobody has looked at.
    ahead: Bytes,
    /// Why nothing more comes than that.
    failure: Option<BodyFailure>,
    /// `None` once it is dropped.
    incoming: Option<IncomingBody>,
    /// What of all that may go on.
    rest: RestOfBody,
    fate: Rc<BodyOutcome>,
    idle: Duration,
    end: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// How a streamed body fared; read by whoever waits for the answer.
#[derive(Default)]
pub(crate) struct BodyOutcome {
    ended: Cell<bool>,
    failure: Cell<Option<BodyFailure>>,
    sent: Cell<u64>,
    /// The rest of a body that GT did not want.
    left: Cell<Option<IncomingBody>>,
    /// Nobody sends the body on any more.
    is_over: Cell<bool>,
    /// Who waits for that.
    waits: Cell<Option<Waker>>,
}

/// What of a client's body nobody was given yet.
#[derive(Debug)]
pub(crate) struct Coming {
    /// What is here.
    pub(crate) ahead: Bytes,
    /// What is still to come.
    pub(crate) incoming: IncomingBody,
    /// Why nothing more comes than what is here.
    pub(crate) failure: Option<BodyFailure>,
}

/// How long a body may take that still comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTimes {
    /// Between two pieces.
    pub(crate) idle: Duration,
    /// When all of it has to be here.
    pub(crate) end: Instant,
}

impl RequestBody {
    /// The same body once more, if all of it is here in memory and none of it is gone.
    pub(super) fn again(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Held(held) => held.again().map(Self::Held),
            Self::Streamed(_) => None,
        }
    }

    /// A body as it comes, after what of it has come: only what `rest` lets through goes on.
    pub(crate) fn streamed(
        before: Before,
        coming: Coming,
        rest: RestOfBody,
        times: BodyTimes,
    ) -> Self {
        Self::Streamed(Box::new(Streamed {
            before,
            ahead: coming.ahead,
            failure: coming.failure,
            incoming: Some(coming.incoming),
            rest,
            fate: Rc::default(),
            idle: times.idle,
            end: times.end,
            alarm: None,
        }))
    }

    /// Where to read later how a streamed body fared.
    pub(crate) fn fate(&self) -> Option<Rc<BodyOutcome>> {
        match self {
            Self::Streamed(streamed) => Some(Rc::clone(&streamed.fate)),
            Self::Empty | Self::Held(_) => None,
        }
    }
}

impl BodyOutcome {
    /// Whether the client has sent all of it.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended.get()
    }

    pub(crate) const fn failure(&self) -> Option<BodyFailure> {
        self.failure.get()
    }

    /// The bytes that went on.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// The rest of the body, if nobody reads it any more.
    pub(crate) fn take_left(&self) -> Option<IncomingBody> {
        self.left.take()
    }

    /// The same once nobody sends it on any more.
    pub(crate) async fn left(&self) -> Option<IncomingBody> {
        poll_fn(|context| {
            if !self.is_over.get() {
                self.waits.set(Some(context.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(self.take_left())
        })
        .await
    }
}

impl std::fmt::Debug for BodyOutcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (ended, failure) = (self.has_ended(), self.failure());
        formatter
            .debug_struct("BodyOutcome")
            .field("ended", &ended)
            .field("failure", &failure)
            .finish()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Held(before) => {
                let next = ready!(before.poll_next(context));
                Poll::Ready(next.map(|next| next.map(Frame::data).map_err(|e| not_held(&e))))
            }
            Self::Streamed(streamed) => streamed.poll_piece(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Held(before) => before.left() == 0,
            Self::Streamed(streamed) => streamed.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Held(before) => SizeHint::with_exact(before.left()),
            Self::Streamed(streamed) => streamed.size_hint(),
        }
    }
}

impl Streamed {
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        loop {
            let piece = match ready!(self.before.poll_next(context)) {
                Some(held) => held.map_err(|error| self.fail(not_held(&error))),
                None => match ready!(self.poll_incoming(context)) {
                    Some(piece) => piece,
                    None => return Poll::Ready(None),
                },
            };
            if piece.as_ref().is_ok_and(Bytes::is_empty) {
                continue;
            }
            return Poll::Ready(Some(piece.map(|piece| self.pass(piece))));
        }
    }

    /// What of the client's next piece may go on: nothing, sometimes.
    fn poll_incoming(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        if !self.ahead.is_empty() {
            let ahead = std::mem::take(&mut self.ahead);
            return Poll::Ready(Some(self.arrived(ahead)));
        }
        if let Some(failure) = self.failure {
            return Poll::Ready(Some(Err(self.fail(failure))));
        }
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let next = Pin::new(incoming).poll_frame(context);
        if next.is_pending() {
            ready!(self.poll_alarm(context));
            return Poll::Ready(Some(Err(self.fail(BodyFailure::TooSlow))));
        }
        self.alarm = None;
        Poll::Ready(match ready!(next) {
            None => {
                self.fate.ended.set(true);
                let is_scanned = self.rest.is_scanned();
                is_scanned.then(|| {
                    let finished = self.rest.finish();
                    finished.map_err(|failure| self.fail(failure))
                })
            }
            Some(Err(_gone)) => Some(Err(self.fail(BodyFailure::Broken))),
            // Trailers are headers nobody allowed.
            Some(Ok(frame)) => Some(
                frame
                    .into_data()
                    .map_or(Ok(Bytes::new()), |piece| self.arrived(piece)),
            ),
        })
    }

    fn arrived(&mut self, piece: Bytes) -> Result<Bytes, BodyFailure> {
        let is_whole = self.failure.is_none();
        let is_last = is_whole && self.incoming.as_ref().is_none_or(Body::is_end_stream);
        self.fate.ended.set(is_last);
        let passed = self.rest.push(piece, is_last);
        passed.map_err(|failure| self.fail(failure))
    }

    fn pass(&self, piece: Bytes) -> Frame<Bytes> {
        self.fate
            .sent
            .set(self.fate.sent.get() + piece.len() as u64);
        Frame::data(piece)
    }

    fn is_end_stream(&self) -> bool {
        let incoming = self.incoming.as_ref();
        self.before.left() == 0
            && self.ahead.is_empty()
            && !self.rest.is_scanned()
            && incoming.is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let here = self.before.left() + (self.ahead.len() + self.rest.kept_back()) as u64;
        let incoming = self.incoming.as_ref();
        let coming = incoming.and_then(|body| body.size_hint().exact());
        coming.map_or_else(SizeHint::default, |coming| {
            SizeHint::with_exact(here + coming)
        })
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (idle, end) = (self.idle, self.end);
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(end.min(Instant::now() + idle))));
        alarm.as_mut().poll(context)
    }

    /// What still comes is left to whoever answers the client.
    fn fail(&mut self, failure: BodyFailure) -> BodyFailure {
        self.fate.failure.set(Some(failure));
        self.leave();
        failure
    }

    fn leave(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && !self.fate.has_ended()
        {
            self.fate.left.set(Some(incoming));
        }
    }
}

impl Drop for Streamed {
    /// The client may still be sending: whoever answers it sees to the rest.
    fn drop(&mut self) {
        self.leave();
        self.fate.is_over.set(true);
        if let Some(waits) = self.fate.waits.take() {
            waits.wake();
        }
    }
}

fn not_held(error: &std::io::Error) -> BodyFailure {
    tracing::error!(
        error = error_chain(error),
        "a body cannot be read back from disk"
    );
    BodyFailure::NotHeld
}
