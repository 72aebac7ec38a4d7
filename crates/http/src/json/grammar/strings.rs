//! Strings, and what is between one and the next.

use super::{Grammar, Role, State};
use crate::json::{
    Text,
    flaw::Flaw,
    nest::Kind,
    text::{apart, plain_text, simple},
};

impl Grammar {
    /// Reads a top-level key from its start. One that is whole and has no escape is compared at once.
    #[inline(never)]
    pub(super) fn top_key(&mut self, rest: &mut &[u8]) -> Result<State, Flaw> {
        self.model.begin_key();
        if let Some((key, after)) = plain_text(rest) {
            *rest = after;
            self.model.whole_key(key)?;
            return Ok(State::Colon);
        }
        self.text = Text::new();
        Ok(State::Text(Role::TopKey))
    }

    /// Reads the model's name from its start.
    #[inline(never)]
    pub(super) fn begin_name(&mut self, rest: &mut &[u8]) -> State {
        self.model.begin_name(self.end - rest.len() - 1);
        if let Some((name, after)) = plain_text(rest)
            && self.model.whole_name(name, self.end - after.len())
        {
            *rest = after;
            return State::Next;
        }
        self.text = Text::new();
        State::Text(Role::Model)
    }

    /// Reads on in a string.
    #[inline]
    pub(super) fn text(&mut self, role: Role, rest: &mut &[u8]) -> Result<State, Flaw> {
        let ended = match role {
            Role::Key | Role::Other => self.text.run(rest, |_| ())?,
            Role::TopKey => apart(rest, |rest| self.model.key(&mut self.text, rest))?,
            Role::Model => apart(rest, |rest| self.model.name(&mut self.text, rest, self.end))?,
        };
        Ok(match role {
            _ if !ended => State::Text(role),
            Role::TopKey => State::Colon,
            Role::Model => State::Next,
            Role::Key | Role::Other => match self.behind(role, rest) {
                Ok(role) => apart(rest, |rest| self.texts(role, rest)),
                Err(state) => state,
            },
        })
    }

    /// Reads a string from its start, and goes on as long as the next is right behind it, key after
    /// value after key: objects of strings are most of what comes.
    #[inline(never)]
    pub(super) fn texts(&mut self, mut role: Role, rest: &mut &[u8]) -> State {
        let mut here = *rest;
        while simple(&mut here, &mut |_| ()) {
            let behind = self.behind(role, &mut here);
            *rest = here;
            role = match behind {
                Ok(role) => role,
                Err(state) => return state,
            };
        }
        *rest = here;
        self.text = Text::new();
        State::Text(role)
    }

    /// Takes what is between a string and the next, if it is as it most often is.
    #[inline]
    fn behind(&self, role: Role, rest: &mut &[u8]) -> Result<Role, State> {
        let (separator, next, state) = match role {
            Role::Key => (b':', Role::Other, State::Colon),
            _ if self.nest.depth() > 1 && self.nest.kind() == Kind::Object => {
                (b',', Role::Key, State::Next)
            }
            _ => return Err(State::Next),
        };
        match *rest {
            [byte, b'"', after @ ..] | [byte, b' ', b'"', after @ ..] if *byte == separator => {
                *rest = after;
                Ok(next)
            }
            _ => Err(state),
        }
    }
}
