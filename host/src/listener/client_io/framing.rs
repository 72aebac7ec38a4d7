//! How the client itself framed a request, which hyper does not tell: of a length beside chunks it
//! keeps the chunks, and a hop before us may have kept the length.
//!
//! The bytes are only looked at where a head begins, which is known as long as the bodies before it
//! ended where they were to end. Nothing is allocated, and bodies are counted, not read.

use memchr::memchr;

use signalbox_gate::Framed;

/// What the heads on one connection are known to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framings {
    at: At,
    /// The last bytes seen: a body in chunks ends with an empty line.
    tail: [u8; 4],
}

/// What the next byte is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// One of a head, or of the empty lines before it.
    Head(Lines),
    /// One after a whole head of which nobody has been told yet. So many came with it.
    AfterHead { names: Names, beyond: u64 },
    /// One of a body that has so many left.
    Body(u64),
    /// One of a body in chunks.
    Chunks,
    /// Nobody knows: requests came in one go.
    Somewhere,
}

/// The lines of a head, as far as they are here.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    names: Names,
    /// The beginning of a line that is not whole.
    begun: [u8; LONGEST],
    /// How long that line is so far.
    length: usize,
    has_text: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Names {
    has_length: bool,
    has_encoding: bool,
}

impl Framings {
    /// On a new connection.
    pub(super) fn new() -> Self {
        Self {
            at: At::Head(Lines::default()),
            tail: [0; 4],
        }
    }

    /// Where nothing is to be known.
    pub(super) const fn none() -> Self {
        Self {
            at: At::Somewhere,
            tail: [0; 4],
        }
    }

    /// Bytes came. `is_between` says that no request is open.
    pub(super) fn saw(&mut self, bytes: &[u8], is_between: bool) {
        self.at = match self.at {
            At::Head(lines) => lines.with(bytes),
            At::AfterHead { names, beyond } => At::AfterHead {
                names,
                beyond: beyond + bytes.len() as u64,
            },
            At::Body(0) => Lines::default().with(bytes),
            At::Body(left) => left
                .checked_sub(bytes.len() as u64)
                .map_or(At::Somewhere, At::Body),
            At::Chunks if !is_between => At::Chunks,
            At::Chunks if self.tail == *b"\r\n\r\n" => Lines::default().with(bytes),
            At::Chunks | At::Somewhere => At::Somewhere,
        };
        self.remember(bytes);
    }

    /// hyper hands over a request whose body is so long; `None` if it comes in chunks.
    pub(super) fn begins(&mut self, length: Option<u64>) -> Framed {
        let At::AfterHead { names, beyond } = self.at else {
            self.at = At::Somewhere;
            return Framed::Unseen;
        };
        self.at = match length {
            None => At::Chunks,
            Some(length) => length.checked_sub(beyond).map_or(At::Somewhere, At::Body),
        };
        if names.has_length && names.has_encoding {
            Framed::Twice
        } else {
            Framed::Plainly
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        if let At::Somewhere = self.at {
            return;
        }
        if let Some(last) = bytes.last_chunk() {
            self.tail = *last;
        } else {
            for &byte in bytes {
                let [_, b, c, d] = self.tail;
                self.tail = [b, c, d, byte];
            }
        }
    }
}

impl Lines {
    /// Goes on to the end of the head, or of the bytes.
    fn with(mut self, mut bytes: &[u8]) -> At {
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.ends_with(line) {
                return At::AfterHead {
                    names: self.names,
                    beyond: bytes.len() as u64,
                };
            }
        }
        self.begin(bytes);
        At::Head(self)
    }

    /// A line is whole. Whether it is the empty one after the head.
    fn ends_with(&mut self, rest: &[u8]) -> bool {
        let is_empty = if self.length == 0 {
            self.names.note(rest);
            matches!(rest, [] | [b'\r'])
        } else {
            self.begin(rest);
            let begun = self.begun.get(..self.length.min(LONGEST));
            let begun = begun.unwrap_or_default();
            self.names.note(begun);
            self.length == 1 && begun == b"\r"
        };
        self.length = 0;
        self.has_text |= !is_empty;
        is_empty && self.has_text
    }

    /// Keeps the beginning of a line.
    fn begin(&mut self, part: &[u8]) {
        let room = self.begun.get_mut(self.length.min(LONGEST)..);
        for (kept, &byte) in room.unwrap_or_default().iter_mut().zip(part) {
            *kept = byte;
        }
        self.length = self.length.saturating_add(part.len());
    }
}

impl Names {
    fn note(&mut self, line: &[u8]) {
        let starts_with = |name: &[u8]| {
            line.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        // Nearly every line is neither, and its first byte says so.
        match line.first() {
            Some(b'c' | b'C') => self.has_length |= starts_with(LENGTH),
            Some(b't' | b'T') => self.has_encoding |= starts_with(ENCODING),
            _ => {}
        }
    }
}

const LENGTH: &[u8] = b"content-length:";
const ENCODING: &[u8] = b"transfer-encoding:";
const LONGEST: usize = ENCODING.len();

#[cfg(test)]
mod tests;
