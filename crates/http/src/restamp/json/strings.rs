//! Keys and strings, whole as they most often come, or cut by the end of a chunk.

use super::{JsonRestamp, Member, Place, skip::skip_string};
use crate::json::{KeyMatch, Similarity, Text, plain_text};
use crate::restamp::output::Output;

impl JsonRestamp {
    /// Reads a top-level key from its start, and goes on as long as strings follow, key after value
    /// after key. One that is whole and has no escape is compared at once.
    pub(super) fn members(&mut self, rest: &mut &[u8]) -> Place {
        loop {
            let Some((key, after)) = plain_text(rest).filter(|(key, _)| key.len() < LIMIT) else {
                self.text = Text::new();
                self.key = KeyMatch::new();
                self.key_len = 0;
                return Place::InKey;
            };
            *rest = after;
            let member = member(key == b"model");
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
            Ok(true) => Place::Colon(member(is_short && self.key.finish() == Similarity::Same)),
            Err(_) => Place::Through,
        };
        self.oversized += u64::from(!is_short);
        place
    }

    /// Reads on in a string that passes.
    pub(super) fn string(&mut self, rest: &mut &[u8]) -> Place {
        match skip_string(rest, &mut self.escaped) {
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
                output.replace(quote, behind + rest.len(), self.stamp.as_json());
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
        output.add(self.stamp.as_json());
        Place::Next
    }
}

const fn member(is_model: bool) -> Member {
    if is_model {
        Member::Model
    } else {
        Member::Other
    }
}

/// A key or a value of `model` longer than this is nobody's name.
const LIMIT: usize = 64 * 1024;
