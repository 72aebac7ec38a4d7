//! A client's body: taken when it is here anyway, read whole within bounds, or let go of politely.
//!
//! `expect: 100-continue` is answered at the first poll of a body, so a body whose client waits for that
//! is not touched before the request is decided.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use signalbox_gate::{BodyFailure, ChunkBuffer};
use tokio::time::{Instant, timeout, timeout_at};

use crate::request::incoming_body::IncomingBody;
use crate::server::worker::InFlight;
use crate::upstream::{BodyOutcome, BodyTimes, Coming};

/// The body of a client's request, and what of it is here.
#[derive(Debug)]
pub(crate) struct ClientBody {
    incoming: IncomingBody,
    declared: Option<u64>,
    waits_for_continue: bool,
    here: ChunkBuffer,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Coming,
    Ended,
    Failed(BodyFailure),
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

/// What is left of a body that an answer did not wait for.
///
/// Exhaustive on purpose: each leaves its connection in another state.
#[derive(Debug)]
pub(crate) enum Left {
    Nothing,
    Broken,
    Coming(IncomingBody),
}

/// What an answer means for its connection.
///
/// Exhaustive on purpose: a connection is kept or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Close,
    Keep,
}

impl ClientBody {
    pub(crate) fn new(incoming: IncomingBody, headers: &HeaderMap) -> Self {
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
            here: ChunkBuffer::default(),
            state,
        }
    }

    /// The length the head declared; `None` if it is chunked.
    pub(crate) const fn declared(&self) -> Option<u64> {
        self.declared
    }

    /// The whole body, if it is small and came with the head.
    pub(crate) async fn already_here(&mut self) -> Option<Bytes> {
        let is_small = self.declared.is_some_and(|length| length <= SMALL);
        if self.waits_for_continue || !is_small {
            return None;
        }
        self.take_what_is_here().await;
        (self.state == State::Ended).then(|| self.here.bytes())
    }

    /// The next piece of the body, for whoever keeps it; `None` at its end.
    pub(crate) async fn next(&mut self, times: BodyTimes) -> Result<Option<Bytes>, BodyFailure> {
        if !self.here.is_empty() {
            return Ok(Some(std::mem::take(&mut self.here).bytes()));
        }
        self.arriving(times).await
    }

    /// Whether nothing more comes.
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended && self.here.is_empty()
    }

    /// Whether all of it has come, whoever has it.
    pub(crate) fn has_come(&self) -> bool {
        self.state == State::Ended
    }

    /// The next piece that was not here yet.
    async fn arriving(&mut self, times: BodyTimes) -> Result<Option<Bytes>, BodyFailure> {
        loop {
            match self.state {
                State::Coming => {}
                State::Ended => return Ok(None),
                State::Failed(failure) => return Err(failure),
            }
            let deadline = times.end.min(Instant::now() + times.idle);
            let Ok(next) = timeout_at(deadline, self.incoming.frame()).await else {
                return Err(self.fail(BodyFailure::TooSlow));
            };
            match next {
                None => self.state = State::Ended,
                Some(Err(_gone)) => return Err(self.fail(BodyFailure::Broken)),
                // Trailers are headers nobody allowed.
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        self.note_end();
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    /// What is here and was not given to anybody, and what is still to come.
    pub(crate) fn into_rest(mut self) -> Coming {
        Coming {
            ahead: self.here.bytes(),
            incoming: self.incoming,
            failure: match self.state {
                State::Failed(failure) => Some(failure),
                State::Coming | State::Ended => None,
            },
        }
    }

    /// What of the body still comes, once what is here of a small one is taken.
    pub(crate) async fn into_left(mut self) -> Left {
        if !self.waits_for_continue && self.declared.is_some_and(|length| length <= SMALL) {
            self.take_what_is_here().await;
        }
        match self.state {
            State::Ended => Left::Nothing,
            State::Failed(BodyFailure::Broken) => Left::Broken,
            State::Coming | State::Failed(_) => Left::Coming(self.incoming),
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
                            self.note_end();
                            self.here.add(piece, self.declared);
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

    fn note_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.state = State::Ended;
        }
    }

    const fn fail(&mut self, failure: BodyFailure) -> BodyFailure {
        self.state = State::Failed(failure);
        failure
    }
}

/// Reads a body to nowhere. The task ends with the body, the connection or the bounds, and the
/// worker's `LocalSet` owns it.
pub(crate) fn read_on(incoming: IncomingBody, discard: Discard, place: Option<InFlight>) {
    tokio::task::spawn_local(async move {
        read_to_nowhere(incoming, discard).await;
        drop(place);
    });
}

/// The same with what is left of a body that is still sent on, once it is not.
pub(crate) fn read_on_later(sent: Rc<BodyOutcome>, discard: Discard) {
    tokio::task::spawn_local(async move {
        if let Some(incoming) = sent.left().await {
            read_to_nowhere(incoming, discard).await;
        }
    });
}

async fn read_to_nowhere(mut incoming: IncomingBody, discard: Discard) {
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
}

/// What a client sends in one go with its head, and what one connection may hold for nothing.
const SMALL: u64 = 64 << 10;

/// How often the connection gets to read on before a body counts as not here: of HTTP/2 once to read
/// it, once to hand it over; of HTTP/1 the rest may be in the packet after that of the head.
const PATIENCE: u32 = 2;
