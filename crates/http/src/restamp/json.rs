//! Restamping one JSON text.

use memchr::memchr2;

use crate::json::{KeyMatch, Similarity, Text};
use crate::quote::quoted;

/// Replaces the value of the top-level `model` string of one JSON text.
///
/// It reads no more of JSON than it needs to know which key it is at, so an answer with a flaw
/// elsewhere is restamped all the same. Only bytes of a `model` value are ever held.
#[derive(Debug)]
pub struct JsonRestamp {
    stamp: Vec<u8>,
    place: Place,
    /// Containers open, the top-level object included.
    depth: usize,
    text: Text,
    key: KeyMatch,
    key_len: usize,
    /// Whether the last byte of a string was a backslash that escapes the next.
    escaped: bool,
    /// The raw value of `model` so far, its opening quote included.
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
    pub fn new(stamp: &str) -> Self {
        Self {
            stamp: quoted(stamp),
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

    /// Takes the next chunk and appends to `out` all of it but the bytes of a `model` value.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        let mut unsent = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            match self.place {
                Place::Through => break,
                Place::Holding => {
                    self.hold(&mut rest, out);
                    unsent = rest;
                }
                Place::Passing => {
                    if skip_string(&mut rest, &mut self.escaped) {
                        self.place = self.after_value();
                    }
                }
                Place::InKey => self.key(&mut rest),
                Place::Inside => self.inside(&mut rest),
                place => {
                    self.place = self.top(place, byte);
                    if self.place == Place::Holding {
                        out.extend_from_slice(sent(unsent, rest));
                        unsent = &[];
                        self.held.push(byte);
                    }
                    rest = after;
                }
            }
        }
        out.extend_from_slice(unsent);
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
    pub(super) fn line_end(&mut self, out: &mut Vec<u8>) {
        match self.place {
            // Neither a key nor a value spans lines.
            Place::Holding | Place::InKey => self.finish(out),
            Place::Passing => self.escaped = false,
            _ => {}
        }
    }

    /// Begins the next text.
    pub(super) fn restart(&mut self) {
        self.place = Place::Start;
        self.depth = 0;
    }

    /// Takes one byte at the top level, outside of strings.
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
            (Place::Key, b'"') => {
                self.text = Text::new();
                self.key = KeyMatch::new();
                self.key_len = 0;
                Place::InKey
            }
            (Place::Colon(member), b':') => Place::Value(member),
            (Place::Value(member), b'"') => {
                self.escaped = false;
                if member == Member::Model {
                    Place::Holding
                } else {
                    Place::Passing
                }
            }
            (Place::Value(_), b'{' | b'[') => {
                self.depth = 2;
                Place::Inside
            }
            (Place::Value(_), b',' | b':' | b'}' | b']') => Place::Through,
            (Place::Value(_), _) => Place::Next,
            (Place::Next, b',') => Place::Key,
            (Place::Next, b'"' | b'{' | b'}' | b'[' | b']' | b':') => Place::Through,
            (Place::Next, _) => Place::Next,
            _ => Place::Through,
        }
    }

    fn key(&mut self, rest: &mut &[u8]) {
        let before = rest.len();
        let outcome = self.text.run(rest, |text| self.key.feed(text));
        self.key_len += before - rest.len();
        self.place = match outcome {
            Ok(false) => return,
            Ok(true) if self.key.finish() == Similarity::Same && self.key_len <= LIMIT => {
                Place::Colon(Member::Model)
            }
            Ok(true) => Place::Colon(Member::Other),
            Err(_) => Place::Through,
        };
        if self.key_len > LIMIT {
            self.oversized += 1;
        }
    }

    /// Goes through containers to the next string or out of them.
    fn inside(&mut self, rest: &mut &[u8]) {
        let stop = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
        let (_, tail) = rest.split_at(stop.unwrap_or(rest.len()));
        let Some((&byte, after)) = tail.split_first() else {
            *rest = tail;
            return;
        };
        *rest = after;
        match byte {
            b'"' => {
                self.escaped = false;
                self.place = Place::Passing;
            }
            b'{' | b'[' => self.depth += 1,
            _ => {
                self.depth -= 1;
                self.place = self.after_value();
            }
        }
    }

    const fn after_value(&self) -> Place {
        if self.depth > 1 {
            Place::Inside
        } else {
            Place::Next
        }
    }

    /// Takes bytes of the `model` value: replaces it at its end, or lets it pass if it turns out to
    /// be no string of JSON or too long.
    fn hold(&mut self, rest: &mut &[u8], out: &mut Vec<u8>) {
        let before = *rest;
        let ended = skip_string(rest, &mut self.escaped);
        let part = sent(before, rest);
        let room = LIMIT.saturating_sub(self.held.len());
        let looked_at = part.get(..room).unwrap_or(part);
        let is_text = !looked_at.iter().any(|&byte| byte < 0x20);
        if is_text && part.len() <= room {
            self.held.extend_from_slice(part);
            if ended {
                out.extend_from_slice(&self.stamp);
                self.held.clear();
                self.place = Place::Next;
            }
            return;
        }
        self.oversized += u64::from(is_text);
        out.append(&mut self.held);
        out.extend_from_slice(part);
        self.place = if ended { Place::Next } else { Place::Passing };
    }
}

/// Moves `rest` past the closing quote of a string, and says whether it was there.
fn skip_string(rest: &mut &[u8], escaped: &mut bool) -> bool {
    while let Some((&first, after)) = rest.split_first() {
        if std::mem::take(escaped) {
            *rest = after;
            continue;
        }
        if !matches!(first, b'"' | b'\\') {
            let (_, tail) = rest.split_at(memchr2(b'"', b'\\', rest).unwrap_or(rest.len()));
            *rest = tail;
            continue;
        }
        *rest = after;
        if first == b'"' {
            return true;
        }
        *escaped = true;
    }
    false
}

/// What of `all` comes before `rest`, its end.
fn sent<'a>(all: &'a [u8], rest: &[u8]) -> &'a [u8] {
    all.get(..all.len() - rest.len()).unwrap_or(all)
}

/// A key or a value of `model` longer than this is nobody's name.
const LIMIT: usize = 64 * 1024;
