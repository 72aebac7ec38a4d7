//! Checking UTF-8 as chunks come, wherever they cut a character.

use simdutf8::compat::from_utf8;

/// The first bytes of a character that the end of a chunk cut; empty between characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut {
    bytes: [u8; 4],
    len: usize,
}

/// What the start of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// This many bytes of whole characters; what follows them is not seen yet or a cut character.
    Whole(usize),
    /// This many bytes of whole characters, and then what is no UTF-8.
    Broken(usize),
}

impl Cut {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; 4],
            len: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the bytes of a character that its chunk cut.
    pub(super) fn begin(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.add(byte));
    }

    /// Takes one more byte: the character if that completes it, `Err` if it cannot be one.
    pub(super) fn complete(&mut self, byte: u8) -> Result<Option<char>, ()> {
        self.add(byte);
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        match str::from_utf8(bytes) {
            Ok(text) => {
                self.len = 0;
                Ok(text.chars().next())
            }
            Err(error) if error.error_len().is_none() => Ok(None),
            Err(_) => Err(()),
        }
    }

    fn add(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

/// How far `bytes` are UTF-8, looking at no more than is still in the first cache when it is read
/// again.
pub(super) fn start(bytes: &[u8]) -> Start {
    let window = bytes.get(..WINDOW).unwrap_or(bytes);
    match from_utf8(window) {
        Ok(_) => Start::Whole(window.len()),
        Err(error) if error.error_len().is_none() => Start::Whole(error.valid_up_to()),
        Err(error) => Start::Broken(error.valid_up_to()),
    }
}

const WINDOW: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_cut_by_the_window_is_whole_in_the_next() {
        let text = format!("{}🚂", "a".repeat(WINDOW - 1));
        assert_eq!(start(text.as_bytes()), Start::Whole(WINDOW - 1));
        assert_eq!(start(&text.as_bytes()[WINDOW - 1..]), Start::Whole(4));
    }

    #[test]
    fn every_character_comes_back_from_its_bytes() {
        for character in ['ä', '€', '🚂'] {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            let (last, first) = bytes.split_last().unwrap();
            let mut cut = Cut::new();
            cut.begin(first);
            assert_eq!(cut.complete(*last), Ok(Some(character)));
            assert!(cut.is_empty());
        }
    }

    #[test]
    fn what_is_no_character_is_known_at_once() {
        for (first, next) in [(0xC3, b'"'), (0xE0, 0x80), (0xED, 0xA0), (0xF4, 0x90)] {
            let mut cut = Cut::new();
            cut.begin(&[first]);
            assert_eq!(cut.complete(next), Err(()), "{first:x} {next:x}");
        }
        assert_eq!(start(b"ab\xC3\"cd"), Start::Broken(2));
        assert_eq!(start(b"ab\xC3"), Start::Whole(2));
    }
}
