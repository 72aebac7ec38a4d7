//! A body in chunks (RFC 9112, section 7.1).

use super::error::BodyError;
use super::piece::Piece;

/// Reads a body in chunks. Extensions and trailer fields are checked, counted and left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkedDecoder {
    state: State,
    /// Of the size: its digits so far. Of the content: the bytes that still come.
    left: u64,
    digits: u8,
    extension_bytes: u16,
    trailer_bytes: u16,
    trailers: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size,
    BlankAfterSize,
    Extension,
    SizeLf,
    Content,
    ContentCr,
    ContentLf,
    /// At the start of a line after the last chunk.
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

impl ChunkedDecoder {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Size,
            left: 0,
            digits: 0,
            extension_bytes: 0,
            trailer_bytes: 0,
            trailers: 0,
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    pub(super) fn decode(&mut self, bytes: &[u8]) -> Result<Piece, BodyError> {
        let mut piece = Piece {
            before: self.skip(bytes)?,
            ..Piece::default()
        };
        let bytes = bytes.get(piece.before..).unwrap_or_default();
        if self.state != State::Content || bytes.is_empty() {
            return Ok(piece);
        }
        piece.content =
            usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.left -= piece.content as u64;
        if self.left > 0 {
            return Ok(piece);
        }
        self.state = State::ContentCr;
        // What is wrong after the content is said once the content was taken.
        let after = self.skip(bytes.get(piece.content..).unwrap_or_default());
        piece.after = after.unwrap_or_default();
        Ok(piece)
    }

    /// Takes what is no content: how many bytes that are. What is wrong is not taken.
    fn skip(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        let mut next = *self;
        let mut taken = 0;
        for byte in bytes {
            if matches!(next.state, State::Content | State::Done) {
                break;
            }
            next.state = next.step(*byte)?;
            taken += 1;
        }
        *self = next;
        Ok(taken)
    }

    fn step(&mut self, byte: u8) -> Result<State, BodyError> {
        match (self.state, byte) {
            (State::Size, digit) if digit.is_ascii_hexdigit() => self.size(digit),
            (State::Size, _) if self.digits == 0 => Err(BodyError::ChunkSize),
            (State::Size | State::BlankAfterSize | State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Size | State::BlankAfterSize, b';') => Ok(State::Extension),
            (State::Size | State::BlankAfterSize, b' ' | b'\t') => {
                self.extension(State::BlankAfterSize)
            }
            (State::Size | State::BlankAfterSize, _) => Err(BodyError::ChunkSize),
            // Some readers end the line here.
            (State::Extension, b'\n') => Err(BodyError::ChunkEnd),
            (State::Extension, _) => self.extension(State::Extension),
            (State::SizeLf, b'\n') => Ok(self.begin()),
            (State::ContentCr, b'\r') => Ok(State::ContentLf),
            (State::ContentLf, b'\n') => Ok(State::Size),
            (State::SizeLf | State::ContentCr | State::ContentLf, _) => Err(BodyError::ChunkEnd),
            (State::Content | State::Done, _) => Ok(self.state),
            _ => self.trailer(byte),
        }
    }

    /// A digit of the size.
    fn size(&mut self, digit: u8) -> Result<State, BodyError> {
        let value = char::from(digit).to_digit(16).unwrap_or_default();
        self.digits += 1;
        if self.digits > MAX_DIGITS {
            return Err(BodyError::ChunkSize);
        }
        self.left = (self.left << 4) | u64::from(value);
        Ok(State::Size)
    }

    /// The line of the size has ended.
    const fn begin(&mut self) -> State {
        self.digits = 0;
        match self.left {
            0 => State::Trailer,
            _ => State::Content,
        }
    }

    fn extension(&mut self, state: State) -> Result<State, BodyError> {
        self.extension_bytes += 1;
        match self.extension_bytes {
            MAX_EXTENSION_BYTES.. => Err(BodyError::TooManyExtensions),
            _ => Ok(state),
        }
    }

    /// A byte after the last chunk.
    fn trailer(&mut self, byte: u8) -> Result<State, BodyError> {
        self.trailer_bytes += 1;
        if self.trailer_bytes >= MAX_TRAILER_BYTES {
            return Err(BodyError::TooManyTrailers);
        }
        match (self.state, byte) {
            (State::Trailer, b'\r') => Ok(State::EndLf),
            (State::EndLf, b'\n') => Ok(State::Done),
            (State::Trailer | State::TrailerName, byte) if is_token(byte) => Ok(State::TrailerName),
            (State::TrailerName, b':') => Ok(State::TrailerValue),
            (State::TrailerValue, b'\r') => Ok(State::TrailerLf),
            (State::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => Ok(State::TrailerValue),
            (State::TrailerLf, b'\n') => {
                self.trailers += 1;
                match self.trailers {
                    ..=MAX_TRAILERS => Ok(State::Trailer),
                    _ => Err(BodyError::TooManyTrailers),
                }
            }
            _ => Err(BodyError::Trailer),
        }
    }
}

/// A character of a field's name.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Those of a `u64`: more of them overflow, or are zeros for nothing.
const MAX_DIGITS: u8 = 16;
/// Of all chunks of a body. Nobody sends any.
const MAX_EXTENSION_BYTES: u16 = 16 << 10;
/// Of all trailer fields of a body.
const MAX_TRAILER_BYTES: u16 = 16 << 10;
/// As many as a head has fields.
const MAX_TRAILERS: u8 = 128;
