//! Keeping the `usage` of an answer while it passes.

use super::{JsonRestamp, Member, Place};
use crate::restamp::output::Output;
use crate::usage::Usage;

/// What a container in the top-level object is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    Nothing,
    /// It is the usage.
    Usage,
    /// It may have the usage as a member.
    Response,
}

/// What was read of the usage.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// In this text.
    here: Captured,
    /// In the texts before.
    before: Captured,
    /// What reads this text's `response`.
    response: Option<JsonRestamp>,
}

/// An object as it stands, while it comes or whole.
#[derive(Debug, Default)]
struct Captured {
    /// Empty if it is too long.
    text: Vec<u8>,
    is_whole: bool,
}

impl Captured {
    fn begin(&mut self) {
        self.text.clear();
        self.text.push(b'{');
        self.is_whole = false;
    }

    fn add(&mut self, part: &[u8]) {
        if self.text.len() + part.len() > LIMIT {
            self.text.clear();
        } else if !self.text.is_empty() {
            self.text.extend_from_slice(part);
        }
    }

    const fn end(&mut self) {
        self.is_whole = !self.text.is_empty();
    }

    fn whole(&self) -> Option<&[u8]> {
        self.is_whole.then_some(&*self.text)
    }
}

impl Reading {
    pub(super) fn usage(&self) -> Option<Usage> {
        let response = || self.response_reading()?.here.whole();
        let text = self.here.whole().or_else(response);
        Usage::read(text.or_else(|| self.before.whole())?)
    }

    pub(super) const fn forget(&mut self) {
        self.here.is_whole = false;
    }

    pub(super) fn forget_response(&mut self) {
        if let Some(response) = &mut self.response {
            response.restart();
            if let Some(reading) = &mut response.reading {
                reading.before.is_whole = false;
            }
        }
    }

    /// The next text begins: what this one has counts until another has something.
    pub(super) fn next_text(&mut self) {
        let response = self.response.as_mut();
        let response = response.and_then(|response| response.reading.as_deref_mut());
        let found = match response {
            _ if self.here.is_whole => Some(&mut self.here),
            Some(response) if response.here.is_whole => Some(&mut response.here),
            _ => None,
        };
        if let Some(found) = found {
            std::mem::swap(found, &mut self.before);
        }
        self.here.is_whole = false;
        self.forget_response();
    }

    fn response_reading(&self) -> Option<&Self> {
        self.response.as_ref()?.reading.as_deref()
    }
}

impl JsonRestamp {
    /// An object begins as the value of this member.
    pub(super) fn begin_watch(&mut self, member: Member) {
        self.watch = match member {
            Member::Usage => Watch::Usage,
            Member::Response => Watch::Response,
            Member::Model | Member::Other => return,
        };
        let reading = self.reading.get_or_insert_default();
        match self.watch {
            Watch::Response => {
                let response = reading.response.get_or_insert_with(Self::reading);
                read_on(response, b"{");
            }
            Watch::Usage | Watch::Nothing => reading.here.begin(),
        }
    }

    /// Goes through a container that is read.
    pub(super) fn watched(&mut self, rest: &mut &[u8]) -> Place {
        let before = *rest;
        let place = match self.place {
            Place::Passing => self.string(rest),
            _ => self.inside(rest),
        };
        let part = before.get(..before.len() - rest.len());
        self.read(part.unwrap_or_default());
        if place == Place::Next {
            if self.watch == Watch::Usage
                && let Some(reading) = &mut self.reading
            {
                reading.here.end();
            }
            self.watch = Watch::Nothing;
        }
        place
    }

    /// Reads the next part of such a container.
    pub(super) fn read(&mut self, part: &[u8]) {
        let Some(reading) = self.reading.as_deref_mut() else {
            return;
        };
        match (self.watch, &mut reading.response) {
            (Watch::Usage, _) => reading.here.add(part),
            (Watch::Response, Some(response)) => read_on(response, part),
            _ => {}
        }
    }
}

/// What only reads lets everything pass.
fn read_on(reader: &mut JsonRestamp, part: &[u8]) {
    reader.run(part, 0, &mut Output::new(part, &mut Vec::new()));
}

/// A longer `usage` is none that anybody sends.
const LIMIT: usize = 4 << 10;
