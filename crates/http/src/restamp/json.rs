//! Restamping one JSON text.

mod skip;
mod strings;

use super::{Stamp, output::Output};
use crate::json::{KeyMatch, Text};
use crate::stride::{Stops, Structure, stride};
use skip::skip_string;

/// Replaces the value of the top-level `model` string of one JSON text.
///
/// It reads no more of JSON than it needs to know which key it is at, so an answer with a flaw
/// elsewhere is restamped all the same. Only bytes of a `model` value are ever held.
#[derive(Debug)]
pub struct JsonRestamp {
    stamp: Stamp,
    place: Place,
    /// Containers open, the top-level object included.
    depth: usize,
    text: Text,
    key: KeyMatch,
    key_len: usize,
    /// Whether the last byte of a string was a backslash that escapes the next.
    escaped: bool,
    /// The raw value of `model` so far, its opening quote included, if it did not come whole.
    held: Vec<u8>,
    oversized: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the top-level object.
    Start,
    /// Where a top-level key may begin.
    Key,
    InKey,
    Colon(Member),
    Value(Member),
    /// After the first byte of a top-level value, up to its comma.
    Next,
    /// In a container in the top-level object, outside of strings.
    Inside,
    /// In a string that passes.
    Passing,
    /// In the string that will be replaced.
    Holding,
    /// After the object, or where nothing can be told any more.
    Through,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Model,
    Other,
}

impl JsonRestamp {
    /// Will put `stamp` where the answer names its model.
    #[must_use]
    pub fn new(stamp: impl Into<Stamp>) -> Self {
        Self {
            stamp: stamp.into(),
            place: Place::Start,
            depth: 0,
            text: Text::new(),
            key: KeyMatch::new(),
            key_len: 0,
            escaped: false,
            held: Vec::new(),
            oversized: 0,
        }
    }

    /// Takes the next chunk: `true` if it goes out as it came; if not, what goes out is appended to
    /// `out`, which is all of it but the bytes of a `model` value.
    pub fn rewrite(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> bool {
        let mut output = Output::new(chunk, out);
        self.run(chunk, 0, &mut output);
        output.finish()
    }

    /// Takes the next chunk and appends to `out` what goes out, changed or not.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.rewrite(chunk, out) {
            out.extend_from_slice(chunk);
        }
    }

    /// Ends the text: a value that never ended goes out as it came.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        self.place = Place::Through;
    }

    /// How many keys or model values were too long to look at.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        self.oversized
    }

    /// Takes a line end that is part of the text but not of the bytes that pass through here: where
    /// server-sent events continue a text on the next line.
    pub(super) fn line_end(&mut self, output: &mut Output<'_>) {
        match self.place {
            // Neither a key nor a value spans lines.
            Place::Holding => {
                output.add(&self.held);
                self.held.clear();
                self.place = Place::Through;
            }
            Place::InKey => self.place = Place::Through,
            Place::Passing => self.escaped = false,
            _ => {}
        }
    }

    /// Begins the next text.
    pub(super) fn restart(&mut self) {
        self.place = Place::Start;
        self.depth = 0;
    }

    /// Takes the next part of the text, which so many bytes of the chunk are behind.
    pub(super) fn run(&mut self, part: &[u8], behind: usize, output: &mut Output<'_>) {
        let mut rest = part;
        while let Some((&byte, after)) = rest.split_first() {
            self.place = match self.place {
                Place::Through => return,
                Place::Holding => self.hold(&mut rest, behind, output),
                Place::Passing => self.string(&mut rest),
                Place::InKey => self.key(&mut rest),
                Place::Inside => self.inside(&mut rest),
                Place::Next => next(&mut rest),
                Place::Key if byte == b'"' => {
                    rest = after;
                    self.members(&mut rest)
                }
                Place::Value(Member::Model) if byte == b'"' => {
                    let quote = behind + rest.len();
                    rest = after;
                    self.name(&mut rest, quote, behind, output)
                }
                Place::Value(Member::Other) if byte == b'"' => {
                    rest = after;
                    self.escaped = false;
                    self.string(&mut rest)
                }
                place => {
                    rest = after;
                    self.top(place, byte)
                }
            };
        }
    }

    /// Takes one byte at the top level, outside of strings, that begins none.
    fn top(&mut self, place: Place, byte: u8) -> Place {
        match (place, byte) {
            (
                Place::Start | Place::Key | Place::Colon(_) | Place::Value(_),
                b' ' | b'\t' | b'\n' | b'\r',
            ) => place,
            // A byte order mark is no reason to show GT's name.
            (Place::Start, 0xEF | 0xBB | 0xBF) => place,
            (Place::Start, b'{') => {
                self.depth = 1;
                Place::Key
            }
            (Place::Colon(member), b':') => Place::Value(member),
            (Place::Value(_), b'{' | b'[') => {
                self.depth = 2;
                Place::Inside
            }
            (Place::Value(_), b',' | b':' | b'}' | b']') => Place::Through,
            (Place::Value(_), _) => Place::Next,
            _ => Place::Through,
        }
    }

    /// Goes through containers, out of them if they end here.
    fn inside(&mut self, rest: &mut &[u8]) -> Place {
        let mut here = *rest;
        let mut depth = self.depth;
        let place = loop {
            let (_, tail) = here.split_at(to_structure(here));
            let Some((&byte, after)) = tail.split_first() else {
                here = tail;
                break Place::Inside;
            };
            here = after;
            match byte {
                b'"' => {
                    self.escaped = false;
                    if !skip_string(&mut here, &mut self.escaped) {
                        break Place::Passing;
                    }
                }
                b'{' | b'[' => depth += 1,
                _ if depth > 2 => depth -= 1,
                _ => {
                    depth = 1;
                    break Place::Next;
                }
            }
        };
        *rest = here;
        self.depth = depth;
        place
    }
}

/// How many bytes there are to the next quote or bracket: mostly none or one.
#[inline]
fn to_structure(bytes: &[u8]) -> usize {
    match bytes {
        [first, ..] if Structure::has(*first) => 0,
        [_, second, ..] if Structure::has(*second) => 1,
        _ => stride::<Structure>(bytes),
    }
}

/// Goes on in a top-level value that is no string, or behind one, up to its comma.
fn next(rest: &mut &[u8]) -> Place {
    let is_end = |byte: &u8| matches!(byte, b',' | b'"' | b'{' | b'}' | b'[' | b']' | b':');
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    let (_, tail) = rest.split_at(end);
    let Some((&byte, after)) = tail.split_first() else {
        *rest = tail;
        return Place::Next;
    };
    *rest = after;
    match byte {
        b',' => Place::Key,
        _ => Place::Through,
    }
}
