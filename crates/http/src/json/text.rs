//! The inside of a JSON string, in chunks: escapes and surrogates.
//!
//! That the bytes are UTF-8 is not looked at here: who needs to know has asked before.

use super::flaw::Flaw;
use crate::stride::{Special, stride};

/// Reads one string, from after its opening quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    state: State,
    /// The first half of a surrogate pair, while its second is due.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Plain,
    Escape,
    Hex { digits: u8, code: u16 },
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Plain,
            high: None,
        }
    }

    /// Reads on, hands decoded text to `sink`, and says whether the closing quote was taken.
    ///
    /// `rest` moves past what was read; after a flaw it begins where the flaw was seen.
    #[inline]
    pub(crate) fn run(
        &mut self,
        rest: &mut &[u8],
        mut sink: impl FnMut(&[u8]),
    ) -> Result<bool, Flaw> {
        loop {
            if self.is_between_characters() && simple(rest, &mut sink) {
                return Ok(true);
            }
            if rest.is_empty() {
                return Ok(false);
            }
            apart(rest, |rest| self.step(rest, &mut sink))?;
        }
    }

    const fn is_between_characters(&self) -> bool {
        matches!((self.state, self.high), (State::Plain, None))
    }

    /// Takes one byte: for escapes that a chunk cuts, and those with a flaw.
    fn step(&mut self, rest: &mut &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Flaw> {
        let Some((&byte, after)) = rest.split_first() else {
            return Ok(());
        };
        match self.state {
            State::Plain if byte == b'\\' => self.state = State::Escape,
            State::Plain if self.high.is_some() => return Err(Flaw::Surrogate),
            State::Plain => return Err(Flaw::Control),
            State::Escape if byte == b'u' => self.state = State::Hex { digits: 0, code: 0 },
            State::Escape if self.high.is_some() => return Err(Flaw::Surrogate),
            State::Escape => {
                sink(&[unescaped(byte).ok_or(Flaw::Escape)?]);
                self.state = State::Plain;
            }
            State::Hex { digits, code } => {
                let digit = hex(byte);
                if digit > 15 {
                    return Err(Flaw::Escape);
                }
                let code = code << 4 | digit;
                if digits < 3 {
                    let digits = digits + 1;
                    self.state = State::Hex { digits, code };
                } else {
                    self.state = State::Plain;
                    self.unit(code, sink)?;
                }
            }
        }
        *rest = after;
        Ok(())
    }

    /// Takes one UTF-16 unit, from an escape.
    fn unit(&mut self, unit: u16, sink: &mut impl FnMut(&[u8])) -> Result<(), Flaw> {
        let scalar = match (self.high.take(), unit) {
            (None, 0xD800..=0xDBFF) => {
                self.high = Some(unit);
                return Ok(());
            }
            (None, _) => u32::from(unit),
            (Some(high), 0xDC00..=0xDFFF) => {
                0x10000 + (u32::from(high - 0xD800) << 10 | u32::from(unit - 0xDC00))
            }
            (Some(_), _) => return Err(Flaw::Surrogate),
        };
        // Fails for a second half that comes alone.
        let character = char::from_u32(scalar).ok_or(Flaw::Surrogate)?;
        sink(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}

/// The text of a string that is whole and has neither escapes nor control bytes, from after its
/// opening quote, and what follows it.
#[inline]
pub(crate) fn plain_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (text, tail) = bytes.split_at(stride::<Special>(bytes));
    match tail {
        [b'"', after @ ..] => Some((text, after)),
        _ => None,
    }
}

/// Reads text, and whole escapes that are whole characters, and says whether it came to the closing
/// quote and took it. It has no state to keep: that is what makes it fast.
#[inline]
pub(super) fn simple(rest: &mut &[u8], sink: &mut impl FnMut(&[u8])) -> bool {
    loop {
        match *rest {
            [b'"', after @ ..] => {
                *rest = after;
                return true;
            }
            [b'\\', b'u', a, b, c, d, after @ ..] => {
                let Some(unit) = unit(&[*a, *b, *c, *d]) else {
                    return false;
                };
                let one = char::from_u32(unit.into()).map(|character| (character, after));
                let Some((character, after)) = one.or_else(|| pair(unit, after)) else {
                    return false;
                };
                sink(character.encode_utf8(&mut [0; 4]).as_bytes());
                *rest = after;
            }
            [b'\\', letter, after @ ..] => {
                let Some(byte) = unescaped(*letter) else {
                    return false;
                };
                sink(&[byte]);
                *rest = after;
            }
            _ => {
                let (plain, tail) = rest.split_at(stride::<Special>(rest));
                if plain.is_empty() {
                    return false;
                }
                sink(plain);
                *rest = tail;
            }
        }
    }
}

/// Lets a function that is not inlined move a copy of `rest`, for what has its address taken is kept
/// in memory, and the loops around here want it in registers.
#[inline]
pub(super) fn apart<'a, T>(rest: &mut &'a [u8], take: impl FnOnce(&mut &'a [u8]) -> T) -> T {
    let mut copy = *rest;
    let taken = take(&mut copy);
    *rest = copy;
    taken
}

/// What a backslash and this byte stand for.
#[inline]
const fn unescaped(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' | b'/' => Some(byte),
        b'b' => Some(0x08),
        b'f' => Some(0x0c),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        _ => None,
    }
}

/// The character of a surrogate pair whose second half is escaped behind the first, and what follows.
fn pair(first: u16, after: &[u8]) -> Option<(char, &[u8])> {
    let (digits, after) = after.strip_prefix(b"\\u")?.split_first_chunk()?;
    let character = char::decode_utf16([first, unit(digits)?]).next()?.ok()?;
    Some((character, after))
}

/// The number four hexadecimal digits write.
#[inline]
fn unit(&[a, b, c, d]: &[u8; 4]) -> Option<u16> {
    let [a, b, c, d] = [hex(a), hex(b), hex(c), hex(d)];
    // One branch for all four: in text each digit is anyone's guess.
    ((a | b | c | d) < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// The value of a hexadecimal digit; 16 for what is none.
#[inline]
const fn hex(byte: u8) -> u16 {
    let digit = byte.wrapping_sub(b'0');
    let letter = (byte | 0x20).wrapping_sub(b'a');
    let value = if letter < 6 { letter + 10 } else { 16 };
    (if digit < 10 { digit } else { value }) as u16
}
