//! What is sent to GT: nothing, bytes that are held already, or a client's body as it comes.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body of a request to GT.
#[derive(Debug)]
pub(crate) enum RequestBody {
    Empty,
    Held(Held),
    Streamed(Box<Streamed>),
}

/// Bytes that are all here, in a few pieces so that none is copied.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pieces: VecDeque<Bytes>,
    left: u64,
    /// What the bytes were taken from; given back when GT has them.
    _budget: Option<Rc<crate::budget::Reservation>>,
}

/// A client's body on its way through: never more of it here than one piece.
#[derive(Debug)]
pub(crate) struct Streamed {
    /// What came before anybody knew where it goes.
    before: VecDeque<Bytes>,
    /// `None` once it is dropped.
    incoming: Option<Incoming>,
    fate: Rc<Fate>,
    limit: u64,
    idle: Duration,
    end: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// How a streamed body fared; read by whoever waits for the answer.
#[derive(Default)]
pub(crate) struct Fate {
    ended: Cell<bool>,
    failure: Cell<Option<BodyFailure>>,
    sent: Cell<u64>,
    /// The rest of a body that GT did not want.
    left: Cell<Option<Incoming>>,
}

/// Why a client's body did not arrive whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BodyFailure {
    /// The client went away, or its framing broke.
    #[error("the body ended early")]
    Broken,
    /// It is longer than it may be.
    #[error("the body is too large")]
    TooLarge,
    /// Nothing came for too long, or the whole took too long.
    #[error("the body took too long")]
    TooSlow,
}

/// Bounds of a streamed body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamBounds {
    pub(crate) bytes: u64,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

impl RequestBody {
    pub(crate) fn held(
        pieces: impl IntoIterator<Item = Bytes>,
        budget: Option<crate::budget::Reservation>,
    ) -> Self {
        let pieces: VecDeque<Bytes> = pieces
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self::Held(Held {
            pieces,
            left,
            _budget: budget.map(Rc::new),
        })
    }

    /// The same body once more, if all of it is here and none of it is gone.
    pub(super) fn again(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Held(held) => Some(Self::Held(held.clone())),
            Self::Streamed(_) => None,
        }
    }

    /// A body as it comes, after what of it has come.
    pub(crate) fn streamed(
        before: impl IntoIterator<Item = Bytes>,
        incoming: Incoming,
        bounds: StreamBounds,
    ) -> Self {
        Self::Streamed(Box::new(Streamed {
            before: before.into_iter().collect(),
            incoming: Some(incoming),
            fate: Rc::default(),
            limit: bounds.bytes,
            idle: bounds.idle,
            end: Instant::now() + bounds.total,
            alarm: None,
        }))
    }

    /// Where to read later how a streamed body fared.
    pub(crate) fn fate(&self) -> Option<Rc<Fate>> {
        match self {
            Self::Streamed(streamed) => Some(Rc::clone(&streamed.fate)),
            Self::Empty | Self::Held(_) => None,
        }
    }
}

impl Fate {
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
    pub(crate) fn take_left(&self) -> Option<Incoming> {
        self.left.take()
    }
}

impl std::fmt::Debug for Fate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (ended, failure) = (self.has_ended(), self.failure());
        formatter
            .debug_struct("Fate")
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
            Self::Held(held) => {
                let piece = held.pieces.pop_front();
                held.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Self::Streamed(streamed) => streamed.poll_piece(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Held(held) => held.pieces.is_empty(),
            Self::Streamed(streamed) => streamed.incoming.as_ref().is_none_or(Body::is_end_stream),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Held(held) => SizeHint::with_exact(held.left),
            Self::Streamed(streamed) => streamed.size_hint(),
        }
    }
}

impl Streamed {
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        if let Some(piece) = self.before.pop_front() {
            return Poll::Ready(Some(self.pass(piece)));
        }
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(None);
            };
            let next = Pin::new(incoming).poll_frame(context);
            if next.is_pending() {
                ready!(self.poll_alarm(context));
                return Poll::Ready(Some(Err(self.fail(BodyFailure::TooSlow))));
            }
            self.alarm = None;
            return Poll::Ready(match ready!(next) {
                None => {
                    self.fate.ended.set(true);
                    None
                }
                Some(Err(_gone)) => Some(Err(self.fail(BodyFailure::Broken))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => Some(self.pass(piece)),
                    // Trailers are headers nobody allowed.
                    Err(_trailers) => continue,
                },
            });
        }
    }

    fn pass(&mut self, piece: Bytes) -> Result<Frame<Bytes>, BodyFailure> {
        let length = piece.len() as u64;
        let Some(left) = self.limit.checked_sub(length) else {
            return Err(self.fail(BodyFailure::TooLarge));
        };
        self.limit = left;
        self.fate.sent.set(self.fate.sent.get() + length);
        self.fate.ended.set(self.is_end_stream());
        Ok(Frame::data(piece))
    }

    fn is_end_stream(&self) -> bool {
        let incoming = self.incoming.as_ref();
        self.before.is_empty() && incoming.is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let before: u64 = self.before.iter().map(|piece| piece.len() as u64).sum();
        let exact = self
            .incoming
            .as_ref()
            .and_then(|body| body.size_hint().exact());
        exact.map_or_else(SizeHint::default, |exact| {
            SizeHint::with_exact(before + exact)
        })
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (idle, end) = (self.idle, self.end);
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(end.min(Instant::now() + idle))));
        alarm.as_mut().poll(context)
    }

    fn fail(&self, failure: BodyFailure) -> BodyFailure {
        self.fate.failure.set(Some(failure));
        failure
    }
}

impl Drop for Streamed {
    /// The client may still be sending: whoever answers it sees to the rest.
    fn drop(&mut self) {
        if !self.fate.has_ended() {
            self.fate.left.set(self.incoming.take());
        }
    }
}
