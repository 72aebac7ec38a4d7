//! Skipping what needs no look inside a string.

/// How many bytes at the start are neither quote nor backslash nor control byte.
///
/// Most strings are short, and a register tells where they end; what goes on is tested in vectors,
/// and in more of them at once the longer it gets.
#[inline]
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let Some((first, rest)) = bytes.split_first_chunk::<NEAR>() else {
        return find_special(bytes).unwrap_or(bytes.len());
    };
    match find_special(first) {
        Some(at) => at,
        None => NEAR + long_plain_len(rest),
    }
}

#[inline(never)]
fn long_plain_len(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<NEAR>();
    let mut skipped = 0;
    for block in blocks {
        if !is_plain_block(block) {
            return skipped + find_special(block).unwrap_or(NEAR);
        }
        skipped += NEAR;
        if skipped == FAR {
            skipped += far_plain_len(bytes.split_at(FAR).1);
            let (_, tail) = bytes.split_at(skipped);
            return skipped + find_special(tail).unwrap_or(tail.len());
        }
    }
    skipped + find_special(tail).unwrap_or(tail.len())
}

/// How many whole blocks at the start are plain, in bytes.
#[inline(never)]
fn far_plain_len(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<FAR>();
    blocks
        .iter()
        .take_while(|block| is_plain_block(block))
        .count()
        * FAR
}

/// Looks at every byte whatever it finds: without an early exit the compiler uses vectors.
#[inline]
fn is_plain_block<const LEN: usize>(block: &[u8; LEN]) -> bool {
    block
        .iter()
        .fold(true, |plain, &byte| plain & !is_special(byte))
}

#[inline]
fn find_special(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = special_marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|&byte| is_special(byte))?;
    Some(words.len() * 8 + at)
}

/// Marks the first special byte of eight in its highest bit; bytes after it may be marked wrongly,
/// for a borrow runs upwards.
#[inline]
const fn special_marks(word: u64) -> u64 {
    let control = word.wrapping_sub(EACH * 0x20);
    let quote = (word ^ (EACH * b'"' as u64)).wrapping_sub(EACH);
    let backslash = (word ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
    // A byte beyond ASCII has its highest bit set and is none of the three.
    (control | quote | backslash) & !word & (EACH * 0x80)
}

const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
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

    #[test]
    fn every_byte_stops_it_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 140] {
                for filler in [b' ', b'#', b'[', 0x7F, 0x80, 0xA2, 0xDC, 0xFF] {
                    let mut bytes = [filler; 141];
                    bytes[at] = byte;
                    let expected = if is_special(byte) { at } else { 141 };
                    assert_eq!(plain_len(&bytes), expected, "{byte:x} at {at}");
                }
            }
        }
    }

    #[test]
    fn the_first_of_two_is_found() {
        for first in 0..16 {
            for second in first + 1..16 {
                for (one, other) in [(b'"', b'!'), (b'\\', b']'), (0x1F, b' '), (0, b'"')] {
                    let mut bytes = [b'a'; 16];
                    bytes[second] = other;
                    bytes[first] = one;
                    assert_eq!(plain_len(&bytes), first);
                }
            }
        }
    }
}
