//! Skipping bytes that need no look, up to one of a few that do.

/// The bytes at which a stride ends.
pub(crate) trait Stops {
    /// Marks the first stop of eight bytes in its highest bit; bytes after it may be marked wrongly,
    /// for a borrow runs upwards.
    fn marks(word: u64) -> u64;

    /// Whether a byte is one. Of a minimum compilers make vectors, of several comparisons branches.
    fn has(byte: u8) -> bool;
}

/// What is special inside a JSON string: quote, backslash, control bytes.
#[derive(Debug)]
pub(crate) enum Special {}

/// What a JSON string ends at, to a reader who does not mind control bytes: quote, backslash.
#[derive(Debug)]
pub(crate) enum Quotes {}

/// What is to be seen between the strings of JSON: quotes, and brackets of either kind.
#[derive(Debug)]
pub(crate) enum Structure {}

impl Stops for Special {
    #[inline]
    fn marks(word: u64) -> u64 {
        // A byte beyond ASCII has its highest bit set and is none of the three.
        (word.wrapping_sub(EACH * 0x20) | zeros(word, b'"') | zeros(word, b'\\')) & of_ascii(word)
    }

    #[inline]
    fn has(byte: u8) -> bool {
        (byte ^ b'"').min(byte ^ b'\\').min(byte & 0xE0) == 0
    }
}

impl Stops for Quotes {
    #[inline]
    fn marks(word: u64) -> u64 {
        (zeros(word, b'"') | zeros(word, b'\\')) & of_ascii(word)
    }

    #[inline]
    fn has(byte: u8) -> bool {
        (byte ^ b'"').min(byte ^ b'\\') == 0
    }
}

impl Stops for Structure {
    #[inline]
    fn marks(word: u64) -> u64 {
        // Brackets become braces.
        let folded = word | (EACH * 0x20);
        (zeros(word, b'"') | zeros(folded, b'{') | zeros(folded, b'}')) & of_ascii(word)
    }

    #[inline]
    fn has(byte: u8) -> bool {
        // Brackets become braces, and of those the second is two behind the first.
        (byte ^ b'"').min((byte | 0x20).wrapping_sub(b'{') & !2) == 0
    }
}

/// How many bytes at the start are no stop.
///
/// Most strides are short, and a register tells where they end; what goes on is tested in vectors,
/// and in more of them at once the longer it gets.
#[inline]
pub(crate) fn stride<S: Stops>(bytes: &[u8]) -> usize {
    let Some((first, rest)) = bytes.split_first_chunk::<NEAR>() else {
        return find::<S>(bytes).unwrap_or(bytes.len());
    };
    match find::<S>(first) {
        Some(at) => at,
        None => NEAR + long_stride::<S>(rest),
    }
}

#[inline(never)]
fn long_stride<S: Stops>(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<NEAR>();
    let mut skipped = 0;
    for block in blocks {
        if !is_free::<S, NEAR>(block) {
            return skipped + find::<S>(block).unwrap_or(NEAR);
        }
        skipped += NEAR;
        if skipped == FAR {
            skipped += far_stride::<S>(bytes.split_at(FAR).1);
            let (_, tail) = bytes.split_at(skipped);
            return skipped + find::<S>(tail).unwrap_or(tail.len());
        }
    }
    skipped + find::<S>(tail).unwrap_or(tail.len())
}

/// How many whole blocks at the start have no stop, in bytes.
#[inline(never)]
fn far_stride<S: Stops>(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<FAR>();
    blocks
        .iter()
        .take_while(|block| is_free::<S, FAR>(block))
        .count()
        * FAR
}

/// Looks at every byte whatever it finds: without an early exit the compiler uses vectors.
#[inline]
fn is_free<S: Stops, const LEN: usize>(block: &[u8; LEN]) -> bool {
    block
        .iter()
        .fold(true, |is_free, &byte| is_free & !S::has(byte))
}

#[inline]
fn find<S: Stops>(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = S::marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| S::has(byte))?;
    Some(words.len() * 8 + at)
}

/// Marks, among wrong ones, the bytes of ASCII that are `byte`.
#[inline]
const fn zeros(word: u64, byte: u8) -> u64 {
    (word ^ (EACH * byte as u64)).wrapping_sub(EACH)
}

/// The highest bits of the bytes that are ASCII.
#[inline]
const fn of_ascii(word: u64) -> u64 {
    !word & (EACH * 0x80)
}

/// 1 in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// One vector.
const NEAR: usize = 16;
/// Four vectors.
const FAR: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn every_byte_stops_it_or_not<S: Stops>() {
        for byte in 0..=u8::MAX {
            for at in [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 140] {
                for filler in [b' ', b'#', b'a', 0x7F, 0x80, 0xA2, 0xDC, 0xFB, 0xFF] {
                    let mut bytes = [filler; 141];
                    bytes[at] = byte;
                    let expected = if S::has(byte) { at } else { 141 };
                    assert_eq!(stride::<S>(&bytes), expected, "{byte:x} at {at}");
                }
            }
        }
    }

    #[test]
    fn every_byte_stops_it_or_not_wherever_it_stands() {
        every_byte_stops_it_or_not::<Special>();
        every_byte_stops_it_or_not::<Quotes>();
        every_byte_stops_it_or_not::<Structure>();
    }

    #[test]
    fn stops_are_what_they_are_said_to_be() {
        for byte in 0..=u8::MAX {
            assert_eq!(Special::has(byte), byte < 0x20 || b"\"\\".contains(&byte));
            assert_eq!(Quotes::has(byte), b"\"\\".contains(&byte));
            assert_eq!(Structure::has(byte), b"\"{}[]".contains(&byte));
        }
    }

    fn the_first_of_two_is_found<S: Stops>(pairs: &[(u8, u8)]) {
        for first in 0..16 {
            for second in first + 1..16 {
                for &(one, other) in pairs {
                    let mut bytes = [b'a'; 16];
                    bytes[second] = other;
                    bytes[first] = one;
                    assert_eq!(stride::<S>(&bytes), first);
                }
            }
        }
    }

    #[test]
    fn the_first_of_two_is_found_whatever_the_other_is() {
        the_first_of_two_is_found::<Special>(&[
            (b'"', b'!'),
            (b'\\', b']'),
            (0x1F, b' '),
            (0, b'"'),
        ]);
        the_first_of_two_is_found::<Quotes>(&[(b'"', b'#'), (b'\\', b']'), (b'"', b'"')]);
        the_first_of_two_is_found::<Structure>(&[(b'[', b'z'), (b'}', b'|'), (b'"', b'{')]);
    }
}
