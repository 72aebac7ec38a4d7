//! The grammar of a body, token by token.
//!
//! Every token at hand as a whole is read in a loop of its own; a state is kept only where text
//! ends, so that the next text can go on from any byte.

mod strings;

use super::{
    Found, MemberNames, Members, Text,
    flaw::Flaw,
    model::Model,
    nest::{Depth, Kind},
    number::{Number, skip_integers},
    text::apart,
};
use crate::refusal::Refusal;

/// Reads a body, in pieces that are valid UTF-8 each.
#[derive(Debug)]
pub(super) struct Grammar {
    state: State,
    nest: Depth,
    text: Text,
    /// What is still missing of `true`, `false` or `null`.
    literal: &'static [u8],
    model: Model,
    /// Offset in the body of the end of the piece in hand.
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
    Item,
    Next,
    Text(Role),
    Number(Number),
    Literal,
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

impl Default for Grammar {
    fn default() -> Self {
        Self::new()
    }
}

impl Grammar {
    /// One that looks for members of these names as well.
    pub(super) fn asking(names: &MemberNames) -> Self {
        Self {
            model: Model::asking(names),
            ..Self::new()
        }
    }

    pub(super) const fn new() -> Self {
        Self {
            state: State::Start,
            nest: Depth::new(),
            text: Text::new(),
            literal: &[],
            model: Model::new(),
            end: 0,
        }
    }

    /// Offset in the body of the end of what was pushed.
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        self.end += piece.len();
        let mut rest = piece;
        self.run(&mut rest).map_err(|flaw| match flaw {
            // Its start is the one place that does not depend on how the body is cut.
            Flaw::ModelTooLong => flaw.refusal(self.model.start()),
            _ => flaw.refusal(self.end - rest.len()),
        })
    }

    pub(super) fn finish(self) -> Result<(Found, Option<Members>), Refusal> {
        match self.state {
            State::End => Ok(self.model.found()),
            State::Start => Err(Flaw::Empty.refusal(self.end)),
            _ => Err(Flaw::Truncated.refusal(self.end)),
        }
    }

    #[inline]
    fn run(&mut self, rest: &mut &[u8]) -> Result<(), Flaw> {
        let mut state = self.state;
        while let Some((&byte, after)) = rest.split_first() {
            let here = *rest;
            state = match state {
                State::Text(role) => self.text(role, rest)?,
                State::Number(number) => match number.run(rest)? {
                    Some(number) => State::Number(number),
                    None => State::Next,
                },
                State::Literal => apart(rest, |rest| self.literal(rest))?,
                State::FirstKey | State::Key if byte == b'"' && self.nest.depth() == 1 => {
                    *rest = after;
                    apart(rest, |rest| self.top_key(rest))?
                }
                State::Item if byte.is_ascii_digit() && apart(rest, skip_integers) => State::Item,
                _ if is_white(byte) => {
                    *rest = after;
                    continue;
                }
                _ => {
                    *rest = after;
                    let next = self.structure(state, byte, rest);
                    // A flaw is at the byte, not after it.
                    next.inspect_err(|_| *rest = here)?
                }
            };
        }
        self.state = state;
        Ok(())
    }

    /// Takes one byte outside of strings, numbers and literals, and `rest` begins after it.
    #[inline]
    fn structure(&mut self, state: State, byte: u8, rest: &mut &[u8]) -> Result<State, Flaw> {
        match (state, byte) {
            (State::Next, b',') => Ok(self.comma()),
            (State::Colon, b':') => Ok(State::Value),
            (State::FirstKey | State::Key, b'"') => {
                Ok(apart(rest, |rest| self.texts(Role::Key, rest)))
            }
            (State::FirstItem, b']') => Ok(self.close(rest)),
            (State::Value | State::FirstItem | State::Item, _) => self.value(byte, rest),
            (State::FirstKey, b'}') => Ok(self.close(rest)),
            (State::Next, b'}') if self.nest.kind() == Kind::Object => Ok(self.close(rest)),
            (State::Next, b']') if self.nest.kind() == Kind::Array => Ok(self.close(rest)),
            (State::Start, b'{') => self.open(Kind::Object),
            (State::Start, 0xEF) => Err(Flaw::ByteOrderMark),
            (State::Start, _) => Err(Flaw::NotAnObject),
            (State::End, _) => Err(Flaw::Trailing),
            _ => Err(Flaw::Unexpected),
        }
    }

    /// Takes the first byte of a value.
    #[inline]
    fn value(&mut self, byte: u8, rest: &mut &[u8]) -> Result<State, Flaw> {
        // A value that was asked for begins, the model's or another's.
        if self.model.take_is_next() && self.model.is_names(self.end - rest.len() - 1) {
            if byte != b'"' {
                return Err(Flaw::ModelNotString);
            }
            return Ok(apart(rest, |rest| self.begin_name(rest)));
        }
        match byte {
            b'"' => Ok(apart(rest, |rest| self.texts(Role::Other, rest))),
            b'{' => self.open(Kind::Object),
            b'[' => self.open(Kind::Array),
            b't' => Ok(self.begin_literal(b"rue")),
            b'f' => Ok(self.begin_literal(b"alse")),
            b'n' => Ok(self.begin_literal(b"ull")),
            _ => Number::start(byte)
                .map(State::Number)
                .ok_or(Flaw::Unexpected),
        }
    }

    fn open(&mut self, kind: Kind) -> Result<State, Flaw> {
        self.nest.open(kind)?;
        Ok(match kind {
            Kind::Object => State::FirstKey,
            Kind::Array => State::FirstItem,
        })
    }

    /// Closes a container, and takes the comma that most often follows.
    #[inline]
    fn close(&mut self, rest: &mut &[u8]) -> State {
        self.nest.close();
        match *rest {
            _ if self.nest.depth() == 0 => State::End,
            [b',', after @ ..] => {
                *rest = after;
                self.comma()
            }
            _ => State::Next,
        }
    }

    #[inline]
    const fn comma(&self) -> State {
        match self.nest.kind() {
            Kind::Object => State::Key,
            Kind::Array => State::Item,
        }
    }

    const fn begin_literal(&mut self, missing: &'static [u8]) -> State {
        self.literal = missing;
        State::Literal
    }

    fn literal(&mut self, rest: &mut &[u8]) -> Result<State, Flaw> {
        while let Some((expected, missing)) = self.literal.split_first() {
            let Some((byte, after)) = rest.split_first() else {
                return Ok(State::Literal);
            };
            if byte != expected {
                return Err(Flaw::Unexpected);
            }
            self.literal = missing;
            *rest = after;
        }
        Ok(State::Next)
    }
}

#[inline]
const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
