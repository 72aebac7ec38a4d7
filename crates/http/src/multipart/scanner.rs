//! From bytes to the model field and back to bytes.

use memchr::memmem;

use super::{Boundary, charset::Charset, flaw::Flaw, part::Part};
use crate::refusal::Refusal;

/// Reads one body, chunk by chunk, however it is cut.
///
/// Bytes come out as soon as it is certain that they are not the model's value. Between the call
/// that gives the model and [`Scanner::replace`] nothing may be pushed.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// `--` and the boundary.
    dashed: Vec<u8>,
    /// Of the boundary without its dashes. It may stand nowhere but where parts begin: Tornado splits at
    /// it in the middle of a line, Sanic and Litestar even without the dashes, and who sends the form
    /// chooses it.
    finder: memmem::Finder<'static>,
    state: State,
    /// What came and is not given on: less than a delimiter, a part's headers, or the model.
    window: Vec<u8>,
    /// How many bytes were given on or replaced.
    passed: u64,
    /// Whether nothing of the value has gone on: the headers' line end is right before the window.
    is_fresh: bool,
    seen: Seen,
    /// How the model's value is read: as the form says and, once it is seen, its part.
    charset: Charset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    AfterBoundary,
    Headers,
    Value(Part),
    /// The model's value, of so many bytes, waits for its replacement at the front of the window.
    Waiting(usize),
    /// The last boundary went on, what closes it waits at the front of the window.
    Closed,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Model,
}

/// What became of one look at the window.
enum Look {
    Again,
    NeedsMore,
    Model(String),
}

impl Scanner {
    /// A scanner for a body with this boundary.
    #[must_use]
    pub fn new(boundary: &Boundary) -> Self {
        let dashed = format!("--{}", boundary.as_str()).into_bytes();
        Self {
            finder: memmem::Finder::new(boundary.as_str()).into_owned(),
            dashed,
            state: State::Start,
            window: Vec::new(),
            passed: 0,
            is_fresh: false,
            seen: Seen::Nothing,
            charset: boundary.charset(),
        }
    }

    /// Takes a chunk and adds to `out` what may go on. When it gives the model's value, `out` ends
    /// right before it.
    ///
    /// # Errors
    /// `invalid_body` or `ambiguous_model`; nothing more may be pushed then, and what went on must
    /// not be completed.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<Option<String>, Refusal> {
        self.window.extend_from_slice(chunk);
        self.look(out)
    }

    /// Whether a chunk goes on as it came, which most of a file do: it counts as pushed then.
    pub fn passes(&mut self, chunk: &[u8]) -> bool {
        let passes = matches!(self.state, State::Value(Part::Other))
            && self.window.is_empty()
            && !self.is_fresh
            && self.finder.find(chunk).is_none()
            && self.doubtful(chunk) == 0;
        if passes {
            self.passed += chunk.len() as u64;
        }
        passes
    }

    /// Puts a value in the model's place, or leaves the client's with `None`, and goes on with what
    /// came already.
    ///
    /// # Errors
    /// As for [`Scanner::push`].
    pub fn replace(&mut self, model: Option<&str>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let State::Waiting(length) = self.state else {
            return Ok(());
        };
        match model {
            Some(model) => {
                out.extend_from_slice(model.as_bytes());
                self.pass(length, None);
            }
            None => self.pass(length, Some(out)),
        }
        self.pass(2 + self.dashed.len(), Some(out));
        self.state = State::AfterBoundary;
        // No second model is given: it is a flaw.
        self.look(out).map(drop)
    }

    /// Whether the model was found yet.
    #[must_use]
    pub fn has_model(&self) -> bool {
        self.seen == Seen::Model
    }

    /// Checks that a value can stand in the model's place: without control characters, in its charset,
    /// and without what a reader could take for the boundary, which the client chose.
    ///
    /// # Errors
    /// `invalid_body`.
    pub fn check(&self, value: &str) -> Result<(), Refusal> {
        let flaw = if value.contains(char::is_control) {
            Flaw::ModelNotText
        } else if !self.charset.holds(value) {
            Flaw::ModelNotAscii
        } else if self.finder.find(value.as_bytes()).is_some() {
            Flaw::BoundaryInName
        } else {
            return Ok(());
        };
        Err(flaw.refusal(self.passed))
    }

    /// What came and did not go on yet.
    #[must_use]
    pub fn kept_back(&self) -> &[u8] {
        &self.window
    }

    /// The body has ended: what closes it goes on, which was kept back until nothing can follow.
    ///
    /// # Errors
    /// `invalid_body` if it ended before its last boundary.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        match (self.state, self.window.as_slice()) {
            (State::Ended, []) => Ok(()),
            (State::Closed, b"--" | b"--\r\n" | b"--\r\n\r\n") => {
                self.pass(self.window.len(), Some(out));
                self.state = State::Ended;
                Ok(())
            }
            _ => Err(Flaw::Truncated.refusal(self.passed)),
        }
    }

    fn look(&mut self, out: &mut Vec<u8>) -> Result<Option<String>, Refusal> {
        loop {
            let look = match self.state {
                State::Start => self.start(out),
                State::AfterBoundary => self.after_boundary(out),
                State::Headers => self.headers(out),
                State::Value(Part::Other) => self.value(out),
                State::Value(Part::Model(_)) => self.model(),
                State::Waiting(_) => Ok(Look::NeedsMore),
                State::Closed => self.closed(),
                State::Ended if self.window.is_empty() => Ok(Look::NeedsMore),
                State::Ended => Err(Flaw::Epilogue),
            };
            match look.map_err(|flaw| flaw.refusal(self.passed))? {
                Look::Again => {}
                Look::NeedsMore => return Ok(None),
                Look::Model(name) => return Ok(Some(name)),
            }
        }
    }

    /// The first boundary is the first thing.
    fn start(&mut self, out: &mut Vec<u8>) -> Result<Look, Flaw> {
        let length = self.window.len().min(self.dashed.len());
        if self.window.get(..length) != self.dashed.get(..length) {
            return Err(Flaw::Start);
        }
        if length < self.dashed.len() {
            return Ok(Look::NeedsMore);
        }
        self.pass(length, Some(out));
        self.state = State::AfterBoundary;
        Ok(Look::Again)
    }

    fn after_boundary(&mut self, out: &mut Vec<u8>) -> Result<Look, Flaw> {
        self.state = match self.window.as_slice() {
            [b'\r', b'\n', ..] => State::Headers,
            [b'-', b'-', ..] => {
                self.state = State::Closed;
                return Ok(Look::Again);
            }
            [] | [b'\r' | b'-'] => return Ok(Look::NeedsMore),
            _ => return Err(Flaw::Border),
        };
        self.pass(2, Some(out));
        Ok(Look::Again)
    }

    fn headers(&mut self, out: &mut Vec<u8>) -> Result<Look, Flaw> {
        // A part without headers begins with the empty line.
        let end = match self.window.as_slice() {
            [b'\r', b'\n', ..] => Some(0),
            window => memmem::find(window, b"\r\n\r\n").map(|at| at + 2),
        };
        let Some(end) = end else {
            return if self.window.len() > LONGEST_HEAD {
                Err(Flaw::HeadTooLong)
            } else {
                Ok(Look::NeedsMore)
            };
        };
        let head = self
            .window
            .get(..end)
            .filter(|head| head.len() <= LONGEST_HEAD);
        let head = head.ok_or(Flaw::HeadTooLong)?;
        if self.finder.find(head).is_some() {
            return Err(Flaw::BoundaryInside);
        }
        let part = Part::of(head)?;
        if let Part::Model(charset) = part {
            if std::mem::replace(&mut self.seen, Seen::Model) == Seen::Model {
                return Err(Flaw::ModelTwice);
            }
            self.charset = self.charset.and(charset);
        }
        self.pass(end + 2, Some(out));
        self.state = State::Value(part);
        self.is_fresh = true;
        Ok(Look::Again)
    }

    /// Any value but the model's: it goes on but for what may be the start of a delimiter.
    fn value(&mut self, out: &mut Vec<u8>) -> Result<Look, Flaw> {
        if let Some(end) = self.delimiter()? {
            self.pass(end + 2 + self.dashed.len(), Some(out));
            self.state = State::AfterBoundary;
            return Ok(Look::Again);
        }
        let certain = self.window.len() - self.doubtful(&self.window);
        self.pass(certain, Some(out));
        Ok(Look::NeedsMore)
    }

    /// The model's value, which waits until it is whole.
    fn model(&mut self) -> Result<Look, Flaw> {
        let end = self.delimiter()?;
        if end.unwrap_or(self.window.len() - self.doubtful(&self.window)) > LONGEST_MODEL {
            return Err(Flaw::ModelTooLong);
        }
        let Some(value) = end.and_then(|end| self.window.get(..end)) else {
            return Ok(Look::NeedsMore);
        };
        // Readers take a byte order mark, or white space before a value, away or leave it.
        let name = str::from_utf8(value)
            .ok()
            .filter(|name| !name.starts_with('\u{feff}') && !name.contains(char::is_control))
            .ok_or(Flaw::ModelNotText)?
            .to_owned();
        if !self.charset.holds(&name) {
            return Err(Flaw::ModelNotAscii);
        }
        self.state = State::Waiting(name.len());
        Ok(Look::Model(name))
    }

    /// Nothing follows the last boundary but its line end and, from some clients, an empty line. The
    /// two dashes that close the body wait for its end: what has them is whole to every reader,
    /// whatever happens to it later.
    fn closed(&self) -> Result<Look, Flaw> {
        if b"--\r\n\r\n".starts_with(&self.window) {
            Ok(Look::NeedsMore)
        } else {
            Err(Flaw::Epilogue)
        }
    }

    /// Where the value at the front of the window ends, if that is in it. A boundary counts only
    /// after CRLF; after a lone CR or LF, or right after the headers, readers differ.
    fn delimiter(&self) -> Result<Option<usize>, Flaw> {
        let Some(found) = self.finder.find(&self.window) else {
            return Ok(None);
        };
        let before = self.window.get(..found);
        match before.and_then(|before| before.strip_suffix(b"--")) {
            Some([value @ .., b'\r', b'\n']) => Ok(Some(value.len())),
            Some([.., b'\r' | b'\n']) => Err(Flaw::LineEnd),
            Some([]) if self.is_fresh => Err(Flaw::LineEnd),
            _ => Err(Flaw::BoundaryInside),
        }
    }

    /// How many bytes at the end of a window may be the start of a delimiter, or of what looks like
    /// one.
    fn doubtful(&self, window: &[u8]) -> usize {
        let most = window.len().min(1 + self.dashed.len());
        let starts = |length: &usize| {
            let tail = window.get(window.len() - length..).unwrap_or_default();
            // One byte tells of nearly every tail.
            let bare = self.dashed.get(2..).unwrap_or_default();
            if bare.first() == tail.first() && bare.starts_with(tail) {
                return true;
            }
            let rest = match tail {
                [b'\r', b'\n', rest @ ..] | [b'\r' | b'\n', rest @ ..] => rest,
                // The first bytes of a value, right after the headers.
                _ if self.is_fresh && *length == window.len() => tail,
                _ => return false,
            };
            self.dashed.starts_with(rest)
        };
        (1..=most).rev().find(starts).unwrap_or(0)
    }

    /// Gives on, or takes away, so many bytes.
    fn pass(&mut self, length: usize, out: Option<&mut Vec<u8>>) {
        self.is_fresh &= length == 0;
        let bytes = self.window.drain(..length.min(self.window.len()));
        self.passed += bytes.len() as u64;
        if let Some(out) = out {
            out.extend_from_slice(bytes.as_slice());
        }
    }
}

const LONGEST_HEAD: usize = 8 << 10;
const LONGEST_MODEL: usize = 1024;
