//! A client's body: taken when it is here anyway, read whole within bounds, or let go of politely.
//!
//! hyper answers `expect: 100-continue` at the first poll of a body, so a body whose client waits
//! for that is not touched before the request is decided.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout, timeout_at};

use crate::budget::Reservation;
use crate::upstream::{BodyFailure, RequestBody, StreamBounds};

/// The body of a client's request, and what of it is here.
#[derive(Debug)]
pub(crate) struct ClientBody {
    incoming: Incoming,
    declared: Option<u64>,
    waits_for_continue: bool,
    pieces: Vec<Bytes>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Coming,
    Ended,
    Failed(BodyFailure),
}

/// Bounds of a body that is read whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBounds {
    pub(crate) bytes: u64,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

/// How much is read and thrown away after an answer that did not wait for the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discard {
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
}

impl Discard {
    /// For whoever has no key.
    pub(crate) const STRANGER: Self = Self {
        bytes: 1 << 20,
        time: Duration::from_secs(1),
    };
}

/// What an answer means for its connection.
///
/// Exhaustive on purpose: a connection is kept or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Close,
    Keep,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ReadError {
    /// It did not arrive.
    #[error(transparent)]
    Failed(#[from] BodyFailure),
    /// There is no room for it at present.
    #[error("no room to hold the body")]
    NoRoom,
}

impl ClientBody {
    pub(crate) fn new(incoming: Incoming, headers: &HeaderMap) -> Self {
        let state = if incoming.is_end_stream() {
            State::Ended
        } else {
            State::Coming
        };
        let declared = incoming.size_hint().exact();
        let waits_for_continue = headers.contains_key(header::EXPECT);
        Self {
            incoming,
            declared,
            waits_for_continue,
            pieces: Vec::new(),
            state,
        }
    }

    /// The length the head declared; `None` if it is chunked.
    pub(crate) const fn declared(&self) -> Option<u64> {
        self.declared
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.declared == Some(0)
    }

    /// The whole body, if it is small and came with the head.
    pub(crate) async fn already_here(&mut self) -> Option<Bytes> {
        let is_small = self.declared.is_some_and(|length| length <= SMALL);
        if self.waits_for_continue || !is_small {
            return None;
        }
        self.take_what_is_here().await;
        (self.state == State::Ended).then(|| self.joined())
    }

    /// The whole body. Room for it is taken from `room` before it is read.
    pub(crate) async fn read(
        &mut self,
        bounds: ReadBounds,
        room: &mut Reservation,
    ) -> Result<Bytes, ReadError> {
        let end = Instant::now() + bounds.total;
        let mut length: u64 = self.pieces.iter().map(|piece| piece.len() as u64).sum();
        room.grow(self.declared.unwrap_or(length))
            .map_err(|_| ReadError::NoRoom)?;
        while self.state == State::Coming {
            let deadline = end.min(Instant::now() + bounds.idle);
            let Ok(next) = timeout_at(deadline, self.incoming.frame()).await else {
                self.state = State::Failed(BodyFailure::TooSlow);
                break;
            };
            match next {
                None => self.state = State::Ended,
                Some(Err(_gone)) => self.state = State::Failed(BodyFailure::Broken),
                Some(Ok(frame)) => {
                    // Trailers are headers nobody allowed.
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    length += piece.len() as u64;
                    if length > bounds.bytes {
                        self.state = State::Failed(BodyFailure::TooLarge);
                        break;
                    }
                    if self.declared.is_none() {
                        room.grow(piece.len() as u64)
                            .map_err(|_| ReadError::NoRoom)?;
                    }
                    self.keep(piece);
                }
            }
        }
        match self.state {
            State::Failed(failure) => Err(failure.into()),
            State::Coming | State::Ended => Ok(self.joined()),
        }
    }

    /// The body for a request that passes it on as it comes, with what of it is here already.
    pub(crate) fn into_upstream(self, bounds: StreamBounds) -> RequestBody {
        match self.state {
            State::Ended => RequestBody::held(self.pieces, None),
            State::Coming | State::Failed(_) => {
                RequestBody::streamed(self.pieces, self.incoming, bounds)
            }
        }
    }

    /// Lets go of a body that an answer did not wait for.
    ///
    /// What is here is taken, and then the connection can be kept. What is not is read for a
    /// while by a task of its own: a client that writes into a closed socket never sees the answer.
    pub(crate) async fn let_go(mut self, discard: Discard) -> Connection {
        if !self.waits_for_continue && self.declared.is_some_and(|length| length <= SMALL) {
            self.take_what_is_here().await;
        }
        match self.state {
            State::Ended => Connection::Keep,
            State::Failed(BodyFailure::Broken) => Connection::Close,
            State::Coming | State::Failed(_) => {
                read_on(self.incoming, discard);
                Connection::Close
            }
        }
    }

    /// Takes pieces until there are none without waiting.
    async fn take_what_is_here(&mut self) {
        let mut patience = PATIENCE;
        poll_fn(|context| {
            while self.state == State::Coming {
                match Pin::new(&mut self.incoming).poll_frame(context) {
                    Poll::Ready(None) => self.state = State::Ended,
                    Poll::Ready(Some(Err(_gone))) => {
                        self.state = State::Failed(BodyFailure::Broken);
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        if let Ok(piece) = frame.into_data() {
                            self.keep(piece);
                        }
                        patience = PATIENCE;
                    }
                    Poll::Pending if patience == 0 => return Poll::Ready(()),
                    Poll::Pending => {
                        patience -= 1;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    fn keep(&mut self, piece: Bytes) {
        self.pieces.push(piece);
        if self.incoming.is_end_stream() {
            self.state = State::Ended;
        }
    }

    /// The pieces as one; copied only if there are several.
    fn joined(&mut self) -> Bytes {
        if let [one] = &*self.pieces {
            return one.clone();
        }
        let mut whole = BytesMut::with_capacity(self.pieces.iter().map(Bytes::len).sum());
        for piece in self.pieces.drain(..) {
            whole.extend_from_slice(&piece);
        }
        let whole = whole.freeze();
        self.pieces.push(whole.clone());
        whole
    }
}

/// Reads a body to nowhere. The task ends with the body, the connection or the bounds, and the
/// worker's `LocalSet` owns it.
pub(crate) fn read_on(mut incoming: Incoming, discard: Discard) {
    tokio::task::spawn_local(async move {
        let mut left = discard.bytes;
        let reading = async {
            while let Some(Ok(frame)) = incoming.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Either way the client has had its chance.
        let _ = timeout(discard.time, reading).await;
    });
}

/// What a client sends in one go with its head, and what one connection may hold for nothing.
const SMALL: u64 = 64 << 10;

/// How often hyper gets to read on before a body counts as not here: once to see that somebody
/// wants it, once to hand it over.
const PATIENCE: u32 = 2;
