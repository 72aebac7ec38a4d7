//! SHA-256 of a token: what the host keeps in its place.

use std::fmt;
use std::hash::{Hash, Hasher};

use base16ct::{HexDisplay, mixed};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The SHA-256 of a token. A token has 256 random bits, so its digest needs no salt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let read = mixed::decode(text, &mut bytes).ok()?;
        (read.len() == 32).then_some(Self(bytes))
    }

    fn words(&self) -> [u64; 4] {
        let (words, _) = self.0.as_chunks();
        std::array::from_fn(|index| words.get(index).map_or(0, |word| u64::from_le_bytes(*word)))
    }

    /// One of so many parts that digests fall into evenly.
    pub fn part(&self, count: usize) -> usize {
        let [a, b, c, d, ..] = self.0;
        u32::from_le_bytes([a, b, c, d]) as usize % count.max(1)
    }

    /// Compares in a time that does not depend on where the two differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl ConstantTimeEq for Digest {
    fn ct_eq(&self, other: &Self) -> Choice {
        let pairs = self.words().into_iter().zip(other.words());
        pairs.fold(Choice::from(1), |same, (one, other)| {
            same & one.ct_eq(&other)
        })
    }
}

/// A word of it tells two apart as well as all of them.
impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [word, ..] = self.words();
        word.hash(state);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&HexDisplay(&self.0), formatter)
    }
}

/// Eight digits: enough to tell two apart in a log, too few to be worth stealing.
impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(formatter, "Digest({:x}…)", HexDisplay(&[a, b, c, d]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back() {
        let digest = Digest::of("gtak_x");
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(
            Digest::from_hex(&digest.to_string().to_uppercase()),
            Some(digest)
        );
        let short = "0".repeat(63);
        let shorter = "0".repeat(62);
        let long = "0".repeat(65);
        let wrong = format!("{}g", "0".repeat(63));
        let signed = format!("+{}", "0".repeat(63));
        for text in ["", &shorter, &short, &long, &wrong, &signed, "é"] {
            assert_eq!(Digest::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn digests_match_only_themselves() {
        assert!(Digest::of("a").matches(&Digest::of("a")));
        assert!(!Digest::of("a").matches(&Digest::of("b")));
    }
}
