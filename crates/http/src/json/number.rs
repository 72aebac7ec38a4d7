//! JSON numbers. Their value is nobody's business here.

use super::flaw::Flaw;

/// Skips short integers with a comma behind each, as token ids come, eight bytes at once.
///
/// It stops before whatever is not quite that, right or wrong, and says whether it skipped any.
#[inline(never)]
pub(super) fn skip_integers(rest: &mut &[u8]) -> bool {
    let before = rest.len();
    while let Some(word) = rest.first_chunk() {
        let word = u64::from_le_bytes(*word);
        let digits = other_marks(word).trailing_zeros() / 8;
        let has_comma = word.checked_shr(digits * 8).unwrap_or(0) & 0xFF == u64::from(b',');
        let is_integer = digits == 1 || digits > 1 && word & 0xFF != u64::from(b'0');
        if !(has_comma && is_integer) {
            break;
        }
        *rest = rest.split_at(digits as usize + 1).1;
    }
    rest.len() < before
}

/// Marks the first byte that is no digit in its highest bit; bytes after it may be marked wrongly,
/// for the sum may run over into them.
#[inline]
const fn other_marks(word: u64) -> u64 {
    // A digit becomes 0 to 9; from 10 on either it or the sum has the highest bit set.
    let values = word ^ (EACH * b'0' as u64);
    (values.wrapping_add(EACH * 0x76) | values) & (EACH * 0x80)
}

/// 1 in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// How much of a number has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Number {
    /// The state after a number's first byte; `None` if no number begins so.
    #[inline]
    pub(super) const fn start(byte: u8) -> Option<Self> {
        match byte {
            b'1'..=b'9' => Some(Self::Integer),
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            _ => None,
        }
    }

    /// Reads on to the number's end: `None` if it was seen, else the state at the end of `rest`.
    #[inline]
    pub(super) fn run(mut self, rest: &mut &[u8]) -> Result<Option<Self>, Flaw> {
        loop {
            if let Self::Integer | Self::Fraction | Self::Power = self {
                while let [b'0'..=b'9', after @ ..] = *rest {
                    *rest = after;
                }
            }
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(Some(self));
            };
            match self.step(byte) {
                Some(next) => self = next,
                None if self.is_whole() => return Ok(None),
                None => return Err(Flaw::Number),
            }
            *rest = after;
        }
    }

    /// The state after one more byte; `None` if the byte is not of the number.
    #[inline]
    const fn step(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Some(Self::Integer),
            (Self::Zero | Self::Integer, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Some(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Some(Self::Sign),
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Some(Self::Power),
            _ => None,
        }
    }

    /// Whether a number may end here.
    const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Power
        )
    }
}
