//! Texts and numbers as JSON has them.

use std::fmt;

/// Escapes what is written to it.
pub(super) struct Escaped<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(text, self.0);
        Ok(())
    }
}

/// A text between its quotes.
pub(super) fn escape(text: &str, into: &mut Vec<u8>) {
    if is_plain(text.as_bytes()) {
        into.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match short(byte) {
            Some(letter) => into.extend_from_slice(&[b'\\', letter]),
            None if is_special(byte) => {
                into.extend_from_slice(b"\\u00");
                into.extend([byte >> 4, byte & 15].map(hex));
            }
            None => into.push(byte),
        }
    }
}

/// A number in decimal digits.
pub(super) fn number(number: u64, into: &mut Vec<u8>) {
    // As many as the largest has.
    let mut digits = [b'0'; 20];
    let (mut left, mut count) = (number, 0);
    for digit in digits.iter_mut().rev() {
        *digit += (left % 10) as u8;
        left /= 10;
        count += 1;
        if left == 0 {
            break;
        }
    }
    into.extend_from_slice(digits.get(20 - count..).unwrap_or_default());
}

/// A number below a million, with zeroes before it.
pub(super) fn six_digits(number: u32, into: &mut Vec<u8>) {
    let mut digits = [b'0'; 6];
    let mut left = number;
    for digit in digits.iter_mut().rev() {
        *digit += (left % 10) as u8;
        left /= 10;
    }
    into.extend_from_slice(&digits);
}

/// Whether nothing is to be escaped, which is so nearly always: looked at by eight bytes at once, the
/// last of which may be among those before.
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        return !text.iter().fold(false, |any, byte| any | is_special(*byte));
    };
    let (eights, _) = text.as_chunks::<8>();
    !any_special(*last) && eights.iter().all(|eight| !any_special(*eight))
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes is special. In a sum of all, each has the bits it has alone, but for a
/// carry out of a special one, which is one already.
const fn any_special(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let bytes = u64::from_ne_bytes(bytes);
    let quotes = bytes ^ (ONES * b'"' as u64);
    let backslashes = bytes ^ (ONES * b'\\' as u64);
    let below = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    let is_quote = quotes.wrapping_sub(ONES) & !quotes;
    let is_backslash = backslashes.wrapping_sub(ONES) & !backslashes;
    (below | is_quote | is_backslash) & (ONES << 7) != 0
}

/// The letter that some have after a backslash.
const fn short(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        0x08 => Some(b'b'),
        b'\t' => Some(b't'),
        b'\n' => Some(b'n'),
        0x0c => Some(b'f'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

const fn hex(four: u8) -> u8 {
    match four {
        0..10 => b'0' + four,
        _ => b'a' + four - 10,
    }
}
