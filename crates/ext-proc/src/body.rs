//! The body of a client's request, as Envoy sends it.

use std::time::Duration;

use bytes::Bytes;
use envoy_types::pb::envoy::service::ext_proc::v3::HttpTrailers;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use signalbox_gate::BodyFailure;
use tokio::time::Instant;

use crate::door::Door;
use crate::link::{Gone, Link};

/// The body of a client's request, and how much of it is here.
#[derive(Debug)]
pub(crate) struct ClientBody {
    pub(crate) state: State,
    /// The length the head declared.
    pub(crate) declared: Option<u64>,
    /// When all of it has to be here, once it is waited for.
    end: Option<Instant>,
    /// Bytes of it that came.
    taken: u64,
    /// What it ended with, which is answered after its last piece.
    trailers: Option<HttpTrailers>,
}

/// Where a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none.
    Absent,
    /// It waits at Envoy, and its head is not answered.
    Unseen,
    /// It was asked for, and has to come whole.
    Asked,
    /// All of it is here in one message, which is not answered.
    Whole,
    /// It comes piece by piece.
    Coming,
    /// It came piece by piece, to its end.
    Ended,
}

/// What is next of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Bytes, bool),
    End,
    Failed(BodyFailure),
}

impl ClientBody {
    pub(crate) const fn new(state: State, declared: Option<u64>) -> Self {
        Self {
            state,
            declared,
            end: None,
            taken: 0,
            trailers: None,
        }
    }

    /// When its next piece has to be here. The time for all of it begins when it is first waited for.
    pub(crate) fn due(&mut self, idle: Duration, total: Duration) -> Instant {
        let now = Instant::now();
        let end = *self.end.get_or_insert(now + total);
        match self.state {
            // Nothing is heard of it before it is whole.
            State::Asked => end,
            _ => end.min(now + idle),
        }
    }

    /// What is next of it. One that was not asked for has to be asked for before.
    pub(crate) async fn next<D: Door>(
        &mut self,
        door: &D,
        link: &mut Link<'_, D>,
    ) -> Result<Piece, Gone> {
        if !matches!(self.state, State::Asked | State::Coming) {
            return Ok(Piece::End);
        }
        let times = door.times();
        let due = self.due(times.body_idle, times.body_total);
        match link.next(due).await {
            Ok(message) => self.take(message.request).ok_or(Gone::Unexpected),
            Err(Gone::Late) => Ok(Piece::Failed(BodyFailure::TooSlow)),
            Err(gone) => Err(gone),
        }
    }

    /// Takes a message if it is of this body.
    pub(crate) fn take(&mut self, message: Option<Message>) -> Option<Piece> {
        match (self.state, message?) {
            // Trailers follow one that is whole and not the last: they are no part of it.
            (State::Asked, Message::RequestBody(body)) => {
                self.state = State::Whole;
                self.taken += body.body.len() as u64;
                Some(Piece::Bytes(body.body.into(), true))
            }
            (State::Coming, Message::RequestBody(body)) => {
                self.taken += body.body.len() as u64;
                if body.end_of_stream {
                    self.state = State::Ended;
                }
                Some(Piece::Bytes(body.body.into(), body.end_of_stream))
            }
            (State::Coming, Message::RequestTrailers(trailers)) => {
                self.state = State::Ended;
                self.trailers = Some(trailers);
                Some(Piece::End)
            }
            _ => None,
        }
    }

    /// The trailers that are not answered yet.
    pub(crate) const fn take_trailers(&mut self) -> Option<HttpTrailers> {
        self.trailers.take()
    }

    /// How much of it still comes; `None` if its head does not say.
    pub(crate) fn coming(&self) -> Option<u64> {
        match self.state {
            State::Coming => Some(self.declared?.saturating_sub(self.taken)),
            _ => Some(0),
        }
    }
}
