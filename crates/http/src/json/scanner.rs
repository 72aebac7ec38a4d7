//! The scan as its users see it: a body in chunks of any size, its UTF-8 checked first.

use super::{
    Found, MemberNames, Members,
    flaw::Flaw,
    grammar::Grammar,
    utf8::{Cut, Start, start},
};
use crate::refusal::Refusal;

/// Checks a body as it arrives and finds its model name.
///
/// However the body is cut into chunks, the name, its span or the refusal are the same.
/// Nothing is kept but the name.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Sees whole characters only.
    grammar: Grammar,
    cut: Cut,
}

impl Scanner {
    /// A scanner at the start of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            grammar: Grammar::new(),
            cut: Cut::new(),
        }
    }

    /// As [`Self::new`], for one who asks for members as well.
    #[must_use]
    pub fn asking(names: &MemberNames) -> Self {
        Self {
            grammar: Grammar::asking(names),
            cut: Cut::new(),
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// As [`find_model`](super::find_model), as soon as the flaw is seen; a scanner that failed is
    /// of no further use.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        let mut rest = self.complete(chunk)?;
        while !rest.is_empty() {
            let (whole, is_broken) = match start(rest) {
                // All that is left is the start of a character.
                Start::Whole(0) => {
                    self.cut.begin(rest);
                    break;
                }
                Start::Whole(len) => (len, false),
                Start::Broken(len) => (len, true),
            };
            let (text, tail) = rest.split_at(whole);
            self.grammar.push(text)?;
            if is_broken {
                return Err(self.broken());
            }
            rest = tail;
        }
        Ok(())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// `invalid_body` if the object has not ended.
    pub fn finish(self) -> Result<Found, Refusal> {
        self.finish_asked().map(|(found, _)| found)
    }

    /// Ends the body, and gives what was seen of members, if they were asked for.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn finish_asked(self) -> Result<(Found, Option<Members>), Refusal> {
        if self.cut.is_empty() {
            self.grammar.finish()
        } else {
            Err(self.broken())
        }
    }

    /// Takes what completes the character that the last chunk cut, and returns the rest.
    fn complete<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let mut rest = chunk;
        while !self.cut.is_empty()
            && let Some((&byte, after)) = rest.split_first()
        {
            let character = self.cut.complete(byte).map_err(|_| self.broken())?;
            if let Some(character) = character {
                let mut bytes = [0; 4];
                self.grammar
                    .push(character.encode_utf8(&mut bytes).as_bytes())?;
            }
            rest = after;
        }
        Ok(rest)
    }

    fn broken(&self) -> Refusal {
        Flaw::Utf8.refusal(self.grammar.end())
    }
}
