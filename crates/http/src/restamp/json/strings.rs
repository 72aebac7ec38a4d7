//! Keys and strings, whole as they most often come, or cut by the end of a chunk.

use super::{JsonRestamp, Member, Place, key_text::KeyText, skip::skip_string};
use crate::json::{Text, plain_text};
use crate::restamp::{Stamp, output::Output};

impl JsonRestamp {
    /// Reads a top-level key from its start, and goes on as long as strings follow, key after value
    /// after key. One that is whole and has no escape is compared at once.
    pub(super) fn members(&mut self, rest: &mut &[u8]) -> Place {
        loop {
            let Some((key, after)) = plain_text(rest).filter(|(key, _)| key.len() < LIMIT) else {
                self.text = Text::new();
                self.key = KeyText::new();
                self.key_len = 0;
                return Place::InKey;
            };
            *rest = after;
            let member = self.member(key);
            match *rest {
                [b':', b'"', after @ ..] if member == Member::Other => *rest = after,
                [b':', after @ ..] => {
                    *rest = after;
                    return Place::Value(member);
                }
                _ => return Place::Colon(member),
            }
            self.escaped = false;
            if !skip_string(rest, &mut self.escaped) {
                return Place::Passing;
            }
            match *rest {
                [b',', b'"', after @ ..] => *rest = after,
                _ => return Place::Next,
            }
        }
    }

    /// Reads on in a top-level key.
    pub(super) fn key(&mut self, rest: &mut &[u8]) -> Place {
        let before = rest.len();
        let outcome = self.text.run(rest, |text| self.key.feed(text));
        self.key_len += before - rest.len();
        let is_short = self.key_len <= LIMIT;
        let place = match outcome {
            Ok(false) => return Place::InKey,
            Ok(true) if is_short => {
                let key = self.key;
                Place::Colon(self.member(key.text()))
            }
            Ok(true) => Place::Colon(Member::Other),
            Err(_) => Place::Through,
        };
        self.oversized += u64::from(!is_short);
        place
    }

    /// Reads on in a string that passes.
    pub(super) fn string(&mut self, rest: &mut &[u8]) -> Place {
        let is_whole = match self.content.is_open {
            true => self.said(rest),
            false => skip_string(rest, &mut self.escaped),
        };
        match is_whole {
            true if self.depth > 1 => Place::Inside,
            true => Place::Next,
            false => Place::Passing,
        }
    }

    /// Reads the `model` value from after its opening quote.
    pub(super) fn name(
        &mut self,
        rest: &mut &[u8],
        quote: usize,
        behind: usize,
        output: &mut Output<'_>,
    ) -> Place {
        match plain_text(rest) {
            Some((name, after)) if name.len() < LIMIT - 1 => {
                *rest = after;
                output.replace(quote, behind + rest.len(), self.stamp());
                Place::Next
            }
            _ => {
                output.pass(quote);
                output.leave_out(behind + rest.len());
                self.held.push(b'"');
                self.escaped = false;
                Place::Holding
            }
        }
    }

    /// Takes bytes of the `model` value: replaces it at its end, or lets it pass if it turns out to
    /// be no string of JSON or too long.
    pub(super) fn hold(
        &mut self,
        rest: &mut &[u8],
        behind: usize,
        output: &mut Output<'_>,
    ) -> Place {
        let before = *rest;
        let ended = skip_string(rest, &mut self.escaped);
        let part = before.get(..before.len() - rest.len()).unwrap_or_default();
        let room = LIMIT.saturating_sub(self.held.len());
        let looked_at = part.get(..room).unwrap_or(part);
        let is_text = !looked_at.iter().any(|&byte| byte < 0x20);
        if !is_text || part.len() > room {
            self.oversized += u64::from(is_text);
            output.add(&self.held);
            self.held.clear();
            return if ended { Place::Next } else { Place::Passing };
        }
        output.leave_out(behind + rest.len());
        if !ended {
            self.held.extend_from_slice(part);
            return Place::Holding;
        }
        self.held.clear();
        output.add(self.stamp());
        Place::Next
    }

    /// Only where there is one is a `model` found.
    fn stamp(&self) -> &[u8] {
        self.stamp.as_ref().map_or(&[], Stamp::as_json)
    }

    /// What the member of this key is. Of a key that is there twice the last one counts: what the
    /// one before said of the usage is forgotten.
    fn member(&mut self, key: &[u8]) -> Member {
        match key {
            b"model" if self.stamp.is_some() => Member::Model,
            b"usage" => {
                if let Some(reading) = &mut self.reading {
                    reading.forget();
                }
                Member::Usage
            }
            b"response" if self.reads_response => {
                if let Some(reading) = &mut self.reading {
                    reading.forget_response();
                }
                Member::Response
            }
            _ => Member::Other,
        }
    }
}

/// A key or a value of `model` longer than this is nobody's name.
const LIMIT: usize = 64 * 1024;
