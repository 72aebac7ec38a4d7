//! Going past containers and values that nobody looks into.

use super::{JsonRestamp, Place, content::content, skip::skip_string};
use crate::stride::{Stops, Structure, stride};

impl JsonRestamp {
    /// Goes through containers, out of them if they end here.
    pub(super) fn inside(&mut self, rest: &mut &[u8]) -> Place {
        let mut here = *rest;
        let mut depth = self.depth;
        let place = loop {
            let (_, tail) = here.split_at(to_structure(here));
            let Some((&byte, after)) = tail.split_first() else {
                here = tail;
                break Place::Inside;
            };
            here = after;
            match byte {
                b'"' => {
                    self.escaped = false;
                    let is_whole = match content(here) {
                        Some(value) => {
                            here = value;
                            self.content.is_open = true;
                            self.said(&mut here)
                        }
                        None => skip_string(&mut here, &mut self.escaped),
                    };
                    if !is_whole {
                        break Place::Passing;
                    }
                }
                b'{' | b'[' => depth += 1,
                _ if depth > 2 => depth -= 1,
                _ => {
                    depth = 1;
                    break Place::Next;
                }
            }
        };
        *rest = here;
        self.depth = depth;
        place
    }
}

/// How many bytes there are to the next quote or bracket: mostly none or one.
#[inline]
fn to_structure(bytes: &[u8]) -> usize {
    match bytes {
        [first, ..] if Structure::has(*first) => 0,
        [_, second, ..] if Structure::has(*second) => 1,
        _ => stride::<Structure>(bytes),
    }
}

/// Goes on in a top-level value that is no string, or behind one, up to its comma.
pub(super) fn next(rest: &mut &[u8]) -> Place {
    let is_end = |byte: &u8| matches!(byte, b',' | b'"' | b'{' | b'}' | b'[' | b']' | b':');
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    let (_, tail) = rest.split_at(end);
    let Some((&byte, after)) = tail.split_first() else {
        *rest = tail;
        return Place::Next;
    };
    *rest = after;
    match byte {
        b',' => Place::Key,
        _ => Place::Through,
    }
}
