//! Restamping one JSON text.

mod content;
mod key_text;
mod pass;
mod reading;
mod skip;
mod strings;

use super::{Stamp, output::Output};
use crate::json::Text;
use crate::usage::Usage;
use content::Content;
use key_text::KeyText;
use pass::next;
use reading::{Reading, Watch};

/// Replaces the value of the top-level `model` string of one JSON text.
///
/// It reads no more of JSON than it needs to know which key it is at, so an answer with a flaw
/// elsewhere is restamped all the same. Only bytes of a `model` value are ever held back. On the way
/// it keeps the top-level `usage`, and counts the bytes of what is said.
#[derive(Debug)]
pub struct JsonRestamp {
    /// `None` if nothing is replaced.
    stamp: Option<Stamp>,
    place: Place,
    /// Containers open, the top-level object included.
    depth: usize,
    text: Text,
    key: KeyText,
    key_len: usize,
    /// Whether the last byte of a string was a backslash that escapes the next.
    escaped: bool,
    /// The raw value of `model` so far, its opening quote included, if it did not come whole.
    held: Vec<u8>,
    oversized: u64,
    /// What the container that is passing is read for.
    watch: Watch,
    /// Whether a top-level `response` may have the usage.
    reads_response: bool,
    /// `None` before anything was read.
    reading: Option<Box<Reading>>,
    content: Content,
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
    Usage,
    Response,
    Other,
}

impl JsonRestamp {
    /// Will put `stamp` where the answer names its model.
    #[must_use]
    pub fn new(stamp: impl Into<Stamp>) -> Self {
        Self {
            stamp: Some(stamp.into()),
            ..Self::reading()
        }
    }

    /// Will change nothing, and read the usage.
    #[must_use]
    pub const fn reading() -> Self {
        Self {
            stamp: None,
            place: Place::Start,
            depth: 0,
            text: Text::new(),
            key: KeyText::new(),
            key_len: 0,
            escaped: false,
            held: Vec::new(),
            oversized: 0,
            watch: Watch::Nothing,
            reads_response: false,
            reading: None,
            content: Content::new(),
        }
    }

    /// The same where the usage may also be that of a top-level `response`, as in events.
    pub(super) const fn with_response(mut self) -> Self {
        self.reads_response = true;
        self
    }

    /// Whether a name may be replaced.
    pub(super) const fn changes_bytes(&self) -> bool {
        self.stamp.is_some()
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

    /// The usage it has named so far: of the last text that has one, and in it the last.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.reading.as_deref()?.usage()
    }

    /// How many bytes of what is said have passed so far, as JSON writes them: of `content`, of
    /// reasoning, of a completion's `text` and of the `arguments` of calls. Of a text whose chunks
    /// cut such a key it may be fewer.
    #[must_use]
    pub const fn content_bytes(&self) -> u64 {
        self.content.bytes
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
        if self.watch != Watch::Nothing {
            self.read(b"\n");
        }
    }

    /// Begins the next text.
    pub(super) fn restart(&mut self) {
        self.place = Place::Start;
        self.depth = 0;
        self.watch = Watch::Nothing;
        self.content.is_open = false;
        if let Some(reading) = &mut self.reading {
            reading.next_text();
        }
    }

    /// Takes the next part of the text, which so many bytes of the chunk are behind.
    pub(super) fn run(&mut self, part: &[u8], behind: usize, output: &mut Output<'_>) {
        let mut rest = part;
        while let Some((&byte, after)) = rest.split_first() {
            self.place = match self.place {
                Place::Through => return,
                Place::Holding => self.hold(&mut rest, behind, output),
                Place::Passing | Place::Inside if self.watch != Watch::Nothing => {
                    self.watched(&mut rest)
                }
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
                Place::Value(_) if byte == b'"' => {
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
            (Place::Value(member), b'{' | b'[') => {
                self.depth = 2;
                if byte == b'{' {
                    self.begin_watch(member);
                }
                Place::Inside
            }
            (Place::Value(_), b',' | b':' | b'}' | b']') => Place::Through,
            (Place::Value(_), _) => Place::Next,
            _ => Place::Through,
        }
    }
}
