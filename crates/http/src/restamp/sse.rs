//! Restamping the JSON in server-sent events.

use memchr::memchr2;

use super::{JsonRestamp, Stamp, output::Output};
use crate::usage::Usage;

/// Replaces the value of the top-level `model` string in the data of every event, and keeps the last
/// `usage`: that of an event, or of the `response` in it.
///
/// Lines end in LF, CR or CRLF; the `data` lines of one event are one JSON text. Comments, other
/// fields, `[DONE]`, a byte order mark and a last event without its blank line pass as they are.
#[derive(Debug)]
pub struct SseRestamp {
    json: JsonRestamp,
    line: Line,
    /// The last line ended in CR, so an LF right after it is part of that end.
    after_cr: bool,
}

/// Where in a line the last byte was.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// At the very start of the stream: so many bytes of a byte order mark were seen.
    Mark(usize),
    /// So many bytes of `data` were seen, and nothing else.
    Name(usize),
    /// Right after `data:`, where one space is not part of the data.
    Space,
    Data,
    /// In a line whose field is not `data`.
    Other,
}

impl SseRestamp {
    /// Will put `stamp` where an event names its model.
    #[must_use]
    pub fn new(stamp: impl Into<Stamp>) -> Self {
        Self::of(JsonRestamp::new(stamp))
    }

    /// Will change nothing, and read the usage.
    #[must_use]
    pub const fn reading() -> Self {
        Self::of(JsonRestamp::reading())
    }

    const fn of(json: JsonRestamp) -> Self {
        Self {
            json: json.with_response(),
            line: Line::Mark(0),
            after_cr: false,
        }
    }

    /// Whether a name may be replaced.
    pub(super) const fn changes_bytes(&self) -> bool {
        self.json.changes_bytes()
    }

    /// Takes the next chunk: `true` if it goes out as it came; if not, what goes out is appended to
    /// `out`, which is all of it but the bytes of a `model` value.
    pub fn rewrite(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> bool {
        let mut output = Output::new(chunk, out);
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                rest = after;
                continue;
            }
            match (self.line, byte) {
                (Line::Data | Line::Other, _) => self.in_line(&mut rest, &mut output),
                (_, b'\r' | b'\n') => {
                    self.end_line(byte, &mut output);
                    rest = after;
                }
                (Line::Mark(0) | Line::Name(0), _) if let Some(data) = rest.strip_prefix(FIELD) => {
                    self.line = Line::Data;
                    rest = data;
                }
                _ => {
                    self.line = start(self.line, byte);
                    if !matches!(self.line, Line::Data) || byte == b' ' {
                        rest = after;
                    }
                }
            }
        }
        output.finish()
    }

    /// Takes the next chunk and appends to `out` what goes out, changed or not.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.rewrite(chunk, out) {
            out.extend_from_slice(chunk);
        }
    }

    /// Ends the stream: a value that never ended goes out as it came.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.json.finish(out);
    }

    /// The last usage that an event has named so far.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.json.usage()
    }

    /// As [`JsonRestamp::content_bytes`], of all events.
    #[must_use]
    pub const fn content_bytes(&self) -> u64 {
        self.json.content_bytes()
    }

    /// How many keys or model values were too long to look at.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        self.json.oversized()
    }

    /// Goes to the end of a line whose field is known, or as far as it is here.
    fn in_line(&mut self, rest: &mut &[u8], output: &mut Output<'_>) {
        let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        if let Line::Data = self.line {
            self.json.run(part, tail.len(), output);
        }
        *rest = tail;
        if let Some((&end, after)) = tail.split_first() {
            self.end_line(end, output);
            *rest = after;
        }
    }

    fn end_line(&mut self, end: u8, output: &mut Output<'_>) {
        match self.line {
            // A blank line ends the event.
            Line::Mark(0) | Line::Name(0) => self.json.restart(),
            Line::Data | Line::Space => self.json.line_end(output),
            // `data` alone is a data line with nothing in it.
            Line::Name(DATA_LEN) => self.json.line_end(output),
            Line::Mark(_) | Line::Name(_) | Line::Other => {}
        }
        self.after_cr = end == b'\r';
        self.line = Line::Name(0);
    }
}

/// Where one more byte at the start of a line leads. [`Line::Data`] for another byte than a space
/// means that the byte is itself data.
fn start(line: Line, byte: u8) -> Line {
    match line {
        Line::Mark(seen) if MARK.get(seen) == Some(&byte) => {
            if seen + 1 == MARK.len() {
                Line::Name(0)
            } else {
                Line::Mark(seen + 1)
            }
        }
        Line::Mark(0) => start(Line::Name(0), byte),
        Line::Name(seen) if DATA.get(seen) == Some(&byte) => Line::Name(seen + 1),
        Line::Name(DATA_LEN) if byte == b':' => Line::Space,
        Line::Space | Line::Data => Line::Data,
        Line::Mark(_) | Line::Name(_) | Line::Other => Line::Other,
    }
}

/// As nearly every line begins.
const FIELD: &[u8] = b"data: ";
const DATA: &[u8] = b"data";
const DATA_LEN: usize = DATA.len();
const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
