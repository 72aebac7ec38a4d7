//! The content of a body, out of the bytes that carry it.

use super::chunked::ChunkedDecoder;
use super::error::BodyError;
use super::framing::BodyFraming;
use super::piece::Piece;

/// Reads one body.
#[derive(Clone, Copy, Debug)]
pub struct BodyDecoder(State);

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many bytes still come.
    Length(u64),
    Chunked(ChunkedDecoder),
    UntilClose,
}

impl BodyDecoder {
    /// Before the first byte of a body.
    #[must_use]
    pub const fn new(framing: BodyFraming) -> Self {
        Self(match framing {
            BodyFraming::Length(length) => State::Length(length),
            BodyFraming::Chunked => State::Chunked(ChunkedDecoder::new()),
            BodyFraming::UntilClose => State::UntilClose,
        })
    }

    /// Takes the next bytes of the body: a piece of its content, and what of chunks is around it.
    ///
    /// Where a piece has no content, either the body is done, or all bytes were taken. What is after
    /// the end is not the body's and is left.
    ///
    /// # Errors
    /// It cannot be read on. Each further call says so again.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Piece, BodyError> {
        match &mut self.0 {
            State::Length(left) => {
                let content = at_most(*left, bytes.len());
                *left -= content as u64;
                Ok(Piece {
                    content,
                    ..Piece::default()
                })
            }
            State::Chunked(chunked) => chunked.decode(bytes),
            State::UntilClose => Ok(Piece {
                content: bytes.len(),
                ..Piece::default()
            }),
        }
    }

    /// The stream has ended: no more bytes come.
    ///
    /// # Errors
    /// The body has not.
    pub fn close(&mut self) -> Result<(), BodyError> {
        match self.0 {
            State::UntilClose => {
                self.0 = State::Length(0);
                Ok(())
            }
            _ if self.is_done() => Ok(()),
            _ => Err(BodyError::Truncated),
        }
    }

    /// Whether all of it was read.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        match &self.0 {
            State::Length(left) => *left == 0,
            State::Chunked(chunked) => chunked.is_done(),
            State::UntilClose => false,
        }
    }

    /// How many bytes of content still come, if that is known.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        match &self.0 {
            State::Length(left) => Some(*left),
            State::Chunked(chunked) if chunked.is_done() => Some(0),
            State::Chunked(_) | State::UntilClose => None,
        }
    }
}

/// The smaller of a length and of what is here.
fn at_most(length: u64, here: usize) -> usize {
    usize::try_from(length).map_or(here, |length| length.min(here))
}
