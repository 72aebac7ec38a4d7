//! A body that comes as it is told to.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// What comes next of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    /// Nothing, for ever.
    Waits,
    Breaks,
}

/// A body that comes as it is told to.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    coming: VecDeque<Piece>,
    declared: Option<u64>,
    /// Whether its end is known with its last piece.
    knows_end: bool,
    /// How often it was looked at.
    pub(crate) polls: Arc<AtomicUsize>,
}

impl Pieces {
    /// These pieces, as a chunked body.
    pub(crate) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            coming: pieces.into_iter().collect(),
            ..Self::default()
        }
    }

    /// These bytes, whose length is declared.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let piece = (!bytes.is_empty()).then(|| Piece::Data(Bytes::copy_from_slice(bytes)));
        Self {
            coming: piece.into_iter().collect(),
            declared: Some(bytes.len() as u64),
            knows_end: true,
            ..Self::default()
        }
    }

    pub(crate) fn declared(mut self, length: Option<u64>) -> Self {
        self.declared = length;
        self
    }

    pub(crate) fn knows_end(mut self, knows_end: bool) -> Self {
        self.knows_end = knows_end;
        self
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.polls.fetch_add(1, Relaxed);
        if let Some(Piece::Waits) = self.coming.front() {
            return Poll::Pending;
        }
        Poll::Ready(self.coming.pop_front().map(|piece| match piece {
            Piece::Data(bytes) => {
                if let Some(declared) = &mut self.declared {
                    *declared = declared.saturating_sub(bytes.len() as u64);
                }
                Ok(Frame::data(bytes))
            }
            Piece::Trailers(trailers) => Ok(Frame::trailers(trailers)),
            Piece::Breaks | Piece::Waits => Err("it broke off"),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.coming.is_empty() && self.knows_end
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

pub(crate) fn data(text: &str) -> Piece {
    Piece::Data(Bytes::copy_from_slice(text.as_bytes()))
}
