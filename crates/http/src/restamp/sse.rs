//! Restamping the JSON in server-sent events.

use memchr::memchr2;

use super::JsonRestamp;

/// Replaces the value of the top-level `model` string in the data of every event.
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
    pub fn new(stamp: &str) -> Self {
        Self {
            json: JsonRestamp::new(stamp),
            line: Line::Mark(0),
            after_cr: false,
        }
    }

    /// Takes the next chunk and appends to `out` all of it but the bytes of a `model` value.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                out.push(byte);
                rest = after;
                continue;
            }
            match (self.line, byte) {
                (Line::Data | Line::Other, _) => {
                    let (part, tail) =
                        rest.split_at(memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()));
                    self.part(part, out);
                    rest = tail;
                    if let Some((&end, after)) = tail.split_first() {
                        self.end_line(end, out);
                        rest = after;
                    }
                    continue;
                }
                (_, b'\r' | b'\n') => self.end_line(byte, out),
                _ => {
                    self.line = start(self.line, byte);
                    if let Line::Data = self.line
                        && byte != b' '
                    {
                        continue;
                    }
                    out.push(byte);
                }
            }
            rest = after;
        }
    }

    /// Ends the stream: a value that never ended goes out as it came.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.json.finish(out);
    }

    /// How many keys or model values were too long to look at.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        self.json.oversized()
    }

    /// Takes a part of a line whose field is known.
    fn part(&mut self, part: &[u8], out: &mut Vec<u8>) {
        match self.line {
            Line::Data => self.json.push(part, out),
            _ => out.extend_from_slice(part),
        }
    }

    fn end_line(&mut self, end: u8, out: &mut Vec<u8>) {
        match self.line {
            // A blank line ends the event.
            Line::Mark(0) | Line::Name(0) => self.json.restart(),
            Line::Data | Line::Space => self.json.line_end(out),
            // `data` alone is a data line with nothing in it.
            Line::Name(DATA_LEN) => self.json.line_end(out),
            Line::Mark(_) | Line::Name(_) | Line::Other => {}
        }
        out.push(end);
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

const DATA: &[u8] = b"data";
const DATA_LEN: usize = DATA.len();
const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
