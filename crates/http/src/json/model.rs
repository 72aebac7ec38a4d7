//! What is known of the top-level `model` while the body streams by.

use super::{Found, KeyMatch, MemberNames, Members, Similarity, Text, flaw::Flaw};

/// The top-level key in hand, and the one `model`.
#[derive(Debug)]
pub(super) struct Model {
    key: KeyMatch,
    /// Whether the value that comes next was asked for: `model`'s, or one of `members`.
    is_next: bool,
    /// Whether it is a member's.
    is_members: bool,
    /// The members that were asked for, if any were.
    members: Option<Box<Members>>,
    name: Vec<u8>,
    start: usize,
    found: Option<Found>,
}

impl Model {
    pub(super) const fn new() -> Self {
        Self {
            key: KeyMatch::new(),
            is_next: false,
            is_members: false,
            members: None,
            name: Vec::new(),
            start: 0,
            found: None,
        }
    }

    pub(super) fn asking(names: &MemberNames) -> Self {
        Self {
            members: Some(Box::new(Members::new(names))),
            ..Self::new()
        }
    }

    /// A top-level key begins.
    #[inline]
    pub(super) fn begin_key(&mut self) {
        self.key = KeyMatch::new();
        if let Some(members) = &mut self.members {
            members.begin_key();
        }
    }

    /// Reads on in a top-level key, and says whether it ended.
    #[inline(never)]
    pub(super) fn key(&mut self, text: &mut Text, rest: &mut &[u8]) -> Result<bool, Flaw> {
        let (key, members) = (&mut self.key, &mut self.members);
        let ended = text.run(rest, |part| {
            key.feed(part);
            if let Some(members) = members {
                members.feed(part);
            }
        })?;
        if !ended {
            return Ok(false);
        }
        self.end_key()?;
        Ok(true)
    }

    /// Takes a top-level key as a whole.
    #[inline]
    pub(super) fn whole_key(&mut self, key: &[u8]) -> Result<(), Flaw> {
        self.key.feed(key);
        if let Some(members) = &mut self.members {
            members.feed(key);
        }
        self.end_key()
    }

    #[inline]
    fn end_key(&mut self) -> Result<(), Flaw> {
        match self.key.finish() {
            Similarity::Same if self.found.is_some() => return Err(Flaw::ModelTwice),
            Similarity::Same => self.is_next = true,
            Similarity::Folded => return Err(Flaw::ModelFolded),
            Similarity::Other => {
                if let Some(members) = &mut self.members {
                    self.is_members = members.end_key();
                    self.is_next = self.is_members;
                }
            }
        }
        Ok(())
    }

    /// Whether the value that begins is `model`'s.
    #[inline]
    pub(super) const fn take_is_next(&mut self) -> bool {
        std::mem::replace(&mut self.is_next, false)
    }

    /// Whether the value that begins at offset `start`, and was asked for, is `model`'s. Where another
    /// begins is noted.
    #[inline(never)]
    pub(super) fn is_names(&mut self, start: usize) -> bool {
        let is_members = std::mem::take(&mut self.is_members);
        if let Some(members) = self.members.as_mut().filter(|_| is_members) {
            members.begin_value(start);
        }
        !is_members
    }

    /// The name begins, its quote at offset `start`.
    pub(super) const fn begin_name(&mut self, start: usize) {
        self.start = start;
    }

    /// Takes the name as a whole, up to offset `end`; `false` if it has to be read piece by piece.
    pub(super) fn whole_name(&mut self, name: &[u8], end: usize) -> bool {
        let name = str::from_utf8(name).ok();
        let Some(name) = name.filter(|name| name.len() <= MAX_NAME) else {
            return false;
        };
        self.found = Some(Found::Named {
            name: name.to_owned(),
            span: self.start..end,
        });
        true
    }

    /// Reads on in the name, up to offset `end`, and says whether it ended.
    #[inline(never)]
    pub(super) fn name(
        &mut self,
        text: &mut Text,
        rest: &mut &[u8],
        end: usize,
    ) -> Result<bool, Flaw> {
        let name = &mut self.name;
        let outcome = text.run(rest, |part| {
            // One byte over the limit is enough to know.
            name.extend(part.iter().take(MAX_NAME + 1 - name.len()));
        });
        // Before any later flaw: in smaller chunks it would have been seen first.
        if self.name.len() > MAX_NAME {
            return Err(Flaw::ModelTooLong);
        }
        if !outcome? {
            return Ok(false);
        }
        let name = String::from_utf8(std::mem::take(&mut self.name)).map_err(|_| Flaw::Utf8)?;
        self.found = Some(Found::Named {
            name,
            span: self.start..end - rest.len(),
        });
        Ok(true)
    }

    /// Where the name begins.
    pub(super) const fn start(&self) -> usize {
        self.start
    }

    pub(super) fn found(self) -> (Found, Option<Members>) {
        let members = self.members.map(|members| *members);
        (self.found.unwrap_or(Found::Absent), members)
    }
}

/// Longer than any name a policy can have (256 bytes), short enough to be a fact.
const MAX_NAME: usize = 1024;
