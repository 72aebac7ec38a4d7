//! How much is said in an answer: for the estimate of one that is cut.

use super::{JsonRestamp, skip::skip_string};

/// How many bytes of what is said have passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) bytes: u64,
    /// Whether the string that passes is one of them.
    pub(super) is_open: bool,
}

impl Content {
    pub(super) const fn new() -> Self {
        Self {
            bytes: 0,
            is_open: false,
        }
    }
}

impl JsonRestamp {
    /// Goes on in a string of what is said, and says whether its end was there.
    pub(super) fn said(&mut self, rest: &mut &[u8]) -> bool {
        let before = rest.len();
        let is_whole = skip_string(rest, &mut self.escaped);
        let passed = before - rest.len() - usize::from(is_whole);
        self.content.bytes += passed as u64;
        self.content.is_open = !is_whole;
        is_whole
    }
}

/// What follows the opening quote of the value, if a key of what is said begins here, after its own.
#[inline]
pub(super) fn content(bytes: &[u8]) -> Option<&[u8]> {
    let key: &[u8] = match bytes {
        [b'c', b'o', ..] => b"content\":",
        [b't', b'e', ..] => b"text\":",
        [b'a', b'r', ..] => b"arguments\":",
        [b'r', b'e', b'a', ..] => return reasoning(bytes),
        _ => return None,
    };
    text(bytes.strip_prefix(key)?)
}

fn reasoning(bytes: &[u8]) -> Option<&[u8]> {
    let key = bytes.strip_prefix(b"reasoning")?;
    let key = key.strip_prefix(b"_content").unwrap_or(key);
    text(key.strip_prefix(b"\":")?)
}

fn text(value: &[u8]) -> Option<&[u8]> {
    let value = value.strip_prefix(b" ").unwrap_or(value);
    value.strip_prefix(b"\"")
}
