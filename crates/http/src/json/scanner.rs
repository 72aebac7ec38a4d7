//! The scan itself: a state machine that takes a body in chunks of any size.

use super::{Found, KeyMatch, Likeness, Text, flaw::Flaw, number::Number};
use crate::refusal::Refusal;

/// Checks a body as it arrives and finds its model name.
///
/// However the body is cut into chunks, the name, its span or the code of the refusal are the same.
/// Nothing is kept but the name.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    nest: Nest,
    text: Text,
    key: KeyMatch,
    /// Whether the value that comes next belongs to the top-level `model`.
    model_is_next: bool,
    name: Vec<u8>,
    start: usize,
    found: Option<Found>,
    /// Offset in the body of the end of the chunk in hand.
    end: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Start,
    FirstKey,
    Key,
    Colon,
    Value,
    FirstItem,
    Next,
    Text(Role),
    Number(Number),
    /// What is still missing of `true`, `false` or `null`.
    Literal(&'static [u8]),
    End,
}

/// What a string is for.
#[derive(Clone, Copy, Debug)]
enum Role {
    TopKey,
    Key,
    Model,
    Other,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner at the start of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Start,
            nest: Nest { kinds: 0, depth: 0 },
            text: Text::new(),
            key: KeyMatch::new(),
            model_is_next: false,
            name: Vec::new(),
            start: 0,
            found: None,
            end: 0,
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// As [`find_model`](super::find_model), as soon as the flaw is seen; a scanner that failed is
    /// of no further use.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        self.end += chunk.len();
        let mut rest = chunk;
        self.run(&mut rest)
            .map_err(|flaw| flaw.refusal(self.end - rest.len()))
    }

    /// Ends the body.
    ///
    /// # Errors
    /// `invalid_body` if the object has not ended.
    pub fn finish(self) -> Result<Found, Refusal> {
        match self.state {
            State::End => Ok(self.found.unwrap_or(Found::Absent)),
            State::Start => Err(Flaw::Empty.refusal(self.end)),
            _ => Err(Flaw::Truncated.refusal(self.end)),
        }
    }

    fn run(&mut self, rest: &mut &[u8]) -> Result<(), Flaw> {
        while let Some((&byte, after)) = rest.split_first() {
            match self.state {
                State::Text(role) => self.text(role, rest)?,
                State::Number(number) => match number.step(byte) {
                    Some(number) => {
                        self.state = State::Number(number);
                        *rest = after;
                    }
                    None if number.is_whole() => self.state = State::Next,
                    None => return Err(Flaw::Number),
                },
                State::Literal(missing) => {
                    self.state = literal(missing, byte)?;
                    *rest = after;
                }
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => *rest = after,
                structure => {
                    self.state = self.structure(structure, byte, self.end - rest.len())?;
                    *rest = after;
                }
            }
        }
        Ok(())
    }

    /// Takes one byte outside of strings, numbers and literals; `at` is its offset in the body.
    fn structure(&mut self, state: State, byte: u8, at: usize) -> Result<State, Flaw> {
        match (state, byte) {
            (State::Start, b'{') => {
                self.nest.open(Kind::Object)?;
                Ok(State::FirstKey)
            }
            (State::Start, 0xEF) => Err(Flaw::ByteOrderMark),
            (State::Start, _) => Err(Flaw::NotAnObject),
            (State::FirstKey | State::Key, b'"') => {
                self.text = Text::new();
                self.key = KeyMatch::new();
                Ok(State::Text(if self.nest.depth == 1 {
                    Role::TopKey
                } else {
                    Role::Key
                }))
            }
            (State::Colon, b':') => Ok(State::Value),
            (State::FirstItem, b']') => Ok(self.close()),
            (State::Value | State::FirstItem, _) => self.value(byte, at),
            (State::FirstKey, b'}') => Ok(self.close()),
            (State::Next, b'}') if self.nest.kind() == Kind::Object => Ok(self.close()),
            (State::Next, b']') if self.nest.kind() == Kind::Array => Ok(self.close()),
            (State::Next, b',') => Ok(match self.nest.kind() {
                Kind::Object => State::Key,
                Kind::Array => State::Value,
            }),
            (State::End, _) => Err(Flaw::Trailing),
            _ => Err(Flaw::Unexpected),
        }
    }

    /// Takes the first byte of a value.
    fn value(&mut self, byte: u8, at: usize) -> Result<State, Flaw> {
        let is_model = std::mem::take(&mut self.model_is_next);
        match byte {
            b'"' => {
                self.text = Text::new();
                self.start = at;
                Ok(State::Text(if is_model {
                    Role::Model
                } else {
                    Role::Other
                }))
            }
            _ if is_model => Err(Flaw::ModelNotString),
            b'{' => {
                self.nest.open(Kind::Object)?;
                Ok(State::FirstKey)
            }
            b'[' => {
                self.nest.open(Kind::Array)?;
                Ok(State::FirstItem)
            }
            b't' => Ok(State::Literal(b"rue")),
            b'f' => Ok(State::Literal(b"alse")),
            b'n' => Ok(State::Literal(b"ull")),
            _ => Number::start(byte)
                .map(State::Number)
                .ok_or(Flaw::Unexpected),
        }
    }

    fn close(&mut self) -> State {
        self.nest.close();
        if self.nest.depth == 0 {
            State::End
        } else {
            State::Next
        }
    }

    fn text(&mut self, role: Role, rest: &mut &[u8]) -> Result<(), Flaw> {
        let ended = match role {
            Role::TopKey => self.text.run(rest, |text| self.key.feed(text))?,
            Role::Key | Role::Other => self.text.run(rest, |_| ())?,
            Role::Model => {
                let name = &mut self.name;
                // One byte over the limit is enough to know.
                let ended = self.text.run(rest, |text| {
                    name.extend(text.iter().take(MAX_NAME + 1 - name.len()));
                })?;
                if self.name.len() > MAX_NAME {
                    return Err(Flaw::ModelTooLong);
                }
                ended
            }
        };
        if ended {
            self.state = self.after_text(role, self.end - rest.len())?;
        }
        Ok(())
    }

    /// Where a string leads whose closing quote ends at offset `end`.
    fn after_text(&mut self, role: Role, end: usize) -> Result<State, Flaw> {
        match role {
            Role::Other => return Ok(State::Next),
            Role::Key => return Ok(State::Colon),
            Role::Model => {
                let name =
                    String::from_utf8(std::mem::take(&mut self.name)).map_err(|_| Flaw::Utf8)?;
                self.found = Some(Found::Named {
                    name,
                    span: self.start..end,
                });
                return Ok(State::Next);
            }
            Role::TopKey => {}
        }
        match self.key.finish() {
            Likeness::Same if self.found.is_some() => return Err(Flaw::ModelTwice),
            Likeness::Same => self.model_is_next = true,
            Likeness::Folded => return Err(Flaw::ModelFolded),
            Likeness::Other => {}
        }
        Ok(State::Colon)
    }
}

fn literal(missing: &'static [u8], byte: u8) -> Result<State, Flaw> {
    match missing.split_first() {
        Some((&expected, [])) if byte == expected => Ok(State::Next),
        Some((&expected, missing)) if byte == expected => Ok(State::Literal(missing)),
        _ => Err(Flaw::Unexpected),
    }
}

/// The containers around the current place, one bit each, the innermost lowest.
#[derive(Clone, Copy, Debug)]
struct Nest {
    kinds: u128,
    depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
}

impl Nest {
    fn open(&mut self, kind: Kind) -> Result<(), Flaw> {
        // As deep as serde_json goes, and as there are bits.
        if self.depth == u128::BITS {
            return Err(Flaw::TooDeep);
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u128::from(kind == Kind::Object);
        Ok(())
    }

    const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.kinds >>= 1;
    }

    const fn kind(&self) -> Kind {
        if self.kinds & 1 == 1 {
            Kind::Object
        } else {
            Kind::Array
        }
    }
}

/// Longer than any name a policy can have (256 bytes), short enough to be a fact.
const MAX_NAME: usize = 1024;
