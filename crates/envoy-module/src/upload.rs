//! What of a client's body still goes to GT, once the request has.

use std::time::Instant;

use bytes::Bytes;
use signalbox_gate::{BodyFailure, BodyRoom, RestOfBody};

use crate::abi::{Body, Stream};
use crate::settings::Times;

/// A client's body, as it comes.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// What its head says of its length.
    pub(crate) declared: Option<u64>,
    /// How much of it was taken.
    pub(crate) taken: u64,
    pub(crate) has_ended: bool,
    came: Instant,
    began: Instant,
}

/// What of it may still go on.
#[derive(Debug)]
pub(crate) struct Upload {
    rest: RestOfBody,
    /// What was held before; Envoy has it now, and gives it on.
    _room: BodyRoom,
}

impl Incoming {
    pub(crate) fn new(declared: Option<u64>, has_ended: bool) -> Self {
        let now = Instant::now();
        Self {
            declared,
            taken: 0,
            has_ended,
            came: now,
            began: now,
        }
    }

    /// Takes what is here of it, from what Envoy keeps and what a hook is about.
    pub(crate) fn take(&mut self, stream: &Stream<'_>) -> Bytes {
        let kept = stream.take_body(Body::KeptRequest);
        let received = stream.take_body(Body::ReceivedRequest);
        let piece = match (kept.is_empty(), received.is_empty()) {
            (true, _) => received,
            (false, true) => kept,
            (false, false) => [kept, received].concat().into(),
        };
        self.taken += piece.len() as u64;
        piece
    }

    /// A piece of it came, or its end.
    pub(crate) fn came(&mut self, has_ended: bool) {
        self.came = Instant::now();
        self.has_ended |= has_ended;
    }

    /// How much is still to come.
    pub(crate) fn coming(&self) -> Option<u64> {
        match self.has_ended {
            true => Some(0),
            false => self.declared?.checked_sub(self.taken),
        }
    }

    /// When it has to be looked at again, if nothing comes.
    pub(crate) fn due(&self, times: &Times) -> Instant {
        let idle = self.came + times.body_idle.duration();
        idle.min(self.began + times.body_total.duration())
    }

    /// Whether it took too long.
    pub(crate) fn is_too_slow(&self, now: Instant, times: &Times) -> bool {
        !self.has_ended && now >= self.due(times)
    }
}

impl Upload {
    pub(crate) const fn new(rest: RestOfBody, room: BodyRoom) -> Self {
        Self { rest, _room: room }
    }

    /// What goes on of a piece.
    pub(crate) fn push(&mut self, piece: Bytes, is_last: bool) -> Result<Bytes, BodyFailure> {
        self.rest.push(piece, is_last)
    }

    /// What goes on at the end, if the last piece was not known to be the last.
    pub(crate) fn finish(&mut self) -> Result<Bytes, BodyFailure> {
        self.rest.finish()
    }

    /// How much was pushed and has not gone on.
    pub(crate) fn kept_back(&self) -> u64 {
        self.rest.kept_back() as u64
    }
}
