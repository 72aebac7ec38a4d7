//! The body of a request to GT: what of it is here, and what of the rest may follow.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use signalbox_http::multipart::Scanner;
use signalbox_http::refusal::Refusal;
use signalbox_http::usage::ASKING;

use crate::body::budget::Reservation;
use crate::body::failure::BodyFailure;
use crate::response::rejection;

/// The body of a request to GT. A door sends the parts in their order, and then what
/// [`RestOfBody`] lets through of what the client has sent and the gate was not given as a piece, or
/// still sends.
#[derive(Debug, Default)]
pub struct UpstreamBody {
    /// What is here already.
    pub parts: Vec<Part>,
    /// What the parts hold of the budgets; given back when it is dropped.
    pub room: BodyRoom,
    /// `None` if nothing may follow the parts.
    pub rest: Option<RestOfBody>,
}

/// A part of a body that is here already.
#[derive(Debug)]
pub enum Part {
    /// In memory.
    Bytes(Bytes),
    /// In the door's spool: so many bytes, from the first on.
    Spooled(u64),
}

/// What held bytes take of the budgets, until it is dropped.
#[derive(Debug, Default)]
pub struct BodyRoom {
    _memory: Option<Reservation>,
    _disk: Option<Reservation>,
}

/// What of a client's body may still follow: so many bytes, and for a form only what passes its
/// scanner.
#[derive(Debug)]
pub struct RestOfBody {
    /// What all of it may have, and what is left of that.
    limit: u64,
    left: u64,
    /// By itself, for it is large: what most bodies do not have is not moved with each of them.
    scanner: Option<Box<Scanner>>,
    flaw: Flaw,
    is_over: bool,
}

/// What turned out to be wrong with a body while it was passed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flaw(Arc<OnceLock<Refusal>>);

impl Flaw {
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.0.get()
    }
}

impl Part {
    /// The bytes, if they are in memory.
    #[must_use]
    pub fn in_memory(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Spooled(_) => &[],
        }
    }
}

impl UpstreamBody {
    pub(crate) fn whole(
        parts: Vec<Part>,
        memory: Option<Reservation>,
        disk: Option<Reservation>,
    ) -> Self {
        Self {
            parts,
            room: BodyRoom {
                _memory: memory,
                _disk: disk,
            },
            rest: None,
        }
    }

    /// Puts what asks for the usage of a stream at this place of the first part.
    pub(crate) fn ask_for_usage(&mut self, place: usize) {
        let Some(Part::Bytes(first)) = self.parts.first() else {
            return;
        };
        let parts = [
            first.slice(..place),
            Bytes::from_static(ASKING),
            first.slice(place..),
        ];
        self.parts.splice(..1, parts.map(Part::Bytes));
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_none() && self.parts.is_empty()
    }
}

impl RestOfBody {
    pub(crate) fn new(limit: u64, taken: u64, scanner: Option<Scanner>) -> Self {
        Self {
            limit,
            left: limit.saturating_sub(taken),
            scanner: scanner.map(Box::new),
            flaw: Flaw::default(),
            is_over: false,
        }
    }

    /// What turns out to be wrong with it.
    pub(crate) const fn flaw(&self) -> &Flaw {
        &self.flaw
    }

    /// What goes on of the next piece the client sent; `is_last` if nothing comes after it. After an
    /// error nothing more may be sent: the request to GT is to be broken off, and
    /// [`Sent::failed`](crate::Sent::failed) tells the client what was wrong with its body.
    ///
    /// # Errors
    /// If the body is not what it has to be.
    pub fn push(&mut self, piece: Bytes, is_last: bool) -> Result<Bytes, BodyFailure> {
        self.check_over(piece.is_empty())?;
        let Some(left) = self.left.checked_sub(piece.len() as u64) else {
            return Err(self.refuse(rejection::too_large(self.limit)));
        };
        self.left = left;
        self.is_over = is_last;
        let passes = |scanner: &mut Scanner| scanner.passes(&piece);
        if !is_last && self.scanner.as_deref_mut().is_some_and(passes) {
            return Ok(piece);
        }
        match self.scanner.take() {
            Some(scanner) => self.scan(scanner, &piece, is_last),
            None => Ok(piece),
        }
    }

    /// What goes on at the end of the body, if the last piece was not known to be the last.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(&mut self) -> Result<Bytes, BodyFailure> {
        self.check_over(true)?;
        self.is_over = true;
        match self.scanner.take() {
            Some(scanner) => self.scan(scanner, &[], true),
            None => Ok(Bytes::new()),
        }
    }

    /// The bytes that were pushed and have not gone on yet.
    #[must_use]
    pub fn kept_back(&self) -> usize {
        let scanner = self.scanner.as_ref();
        scanner.map_or(0, |scanner| scanner.kept_back().len())
    }

    /// Whether something may have to go on after the last piece.
    #[must_use]
    pub const fn is_scanned(&self) -> bool {
        self.scanner.is_some()
    }

    fn scan(
        &mut self,
        mut scanner: Box<Scanner>,
        piece: &[u8],
        is_last: bool,
    ) -> Result<Bytes, BodyFailure> {
        let mut passed = Vec::with_capacity(piece.len() + scanner.kept_back().len());
        // It has seen the model: a second one is a flaw.
        let mut scanned = scanner.push(piece, &mut passed).map(drop);
        if is_last {
            scanned = scanned.and_then(|()| scanner.finish(&mut passed));
        } else {
            self.scanner = Some(scanner);
        }
        match scanned {
            Ok(()) => Ok(passed.into()),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Nothing passes after an error, and nothing but nothing after the end.
    fn check_over(&mut self, is_empty: bool) -> Result<(), BodyFailure> {
        match (self.flaw.refusal(), self.is_over) {
            (Some(_), _) => Err(BodyFailure::Refused),
            (None, true) if !is_empty => Err(self.refuse(BodyFailure::Broken.refusal())),
            (None, _) => Ok(()),
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> BodyFailure {
        // The first flaw is the one that is told.
        let _ = self.flaw.0.set(refusal);
        BodyFailure::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_after_the_end_or_an_error() {
        let piece = || Bytes::from_static(b"abc");
        let mut rest = RestOfBody::new(5, 0, None);
        assert_eq!(rest.push(piece(), true), Ok(piece()));
        assert_eq!(rest.push(Bytes::new(), false), Ok(Bytes::new()));
        assert_eq!(rest.push(piece(), false), Err(BodyFailure::Refused));
        let mut rest = RestOfBody::new(5, 0, None);
        assert_eq!(rest.push(piece(), false), Ok(piece()));
        assert_eq!(rest.push(piece(), false), Err(BodyFailure::Refused));
        let one = Bytes::from_static(b"a");
        assert_eq!(rest.push(one, false), Err(BodyFailure::Refused));
        assert_eq!(rest.finish(), Err(BodyFailure::Refused));
    }
}
