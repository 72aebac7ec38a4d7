//! Durations and sizes as people write them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::text::yaml::word;

/// A length of time: a whole number and `ms`, `s`, `m` or `h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    /// No time: for programs that have no load balancer to wait for. A file cannot say it.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// As the standard library has it.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Reads `30s`. Zero is not a span: it would turn a protection off or refuse everything.
    ///
    /// # Errors
    /// If it is not a whole number and a unit, or more than a day.
    pub fn parse(text: &str) -> Result<Self, NotASpan> {
        let (number, unit) = split(text).ok_or(NotASpan)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(NotASpan),
        };
        number
            .checked_mul(millis)
            .filter(|millis| *millis > 0 && *millis <= LONGEST_MILLIS)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or(NotASpan)
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

/// A number of bytes: a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    #[must_use]
    pub const fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 1,048,576 bytes.
    #[must_use]
    pub const fn mib(mib: u32) -> Self {
        Self((mib as u64) << 20)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes, for what lies in memory.
    #[must_use]
    pub fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Reads `32MiB`. Zero is not a size, for the reason it is not a span.
    ///
    /// # Errors
    /// If it is not a whole number and a unit, or more than 1 TiB.
    pub fn parse(text: &str) -> Result<Self, NotASize> {
        let (number, unit) = split(text).ok_or(NotASize)?;
        let factor = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(NotASize),
        };
        number
            .checked_mul(factor)
            .filter(|bytes| *bytes > 0 && *bytes <= LARGEST)
            .map(Self)
            .ok_or(NotASize)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            bytes if bytes % (1 << 30) == 0 => (bytes >> 30, "GiB"),
            bytes if bytes % (1 << 20) == 0 => (bytes >> 20, "MiB"),
            bytes if bytes % (1 << 10) == 0 => (bytes >> 10, "KiB"),
            bytes => (bytes, "B"),
        };
        write!(formatter, "{number}{unit}")
    }
}

/// Not a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number above zero and `ms`, `s`, `m` or `h`, at most a day")]
pub struct NotASpan;

/// Not a number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number above zero and `B`, `KiB`, `MiB` or `GiB`")]
pub struct NotASize;

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, Self::parse)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, Self::parse)
    }
}

/// A number and its unit, with nothing but one optional space between them.
fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.strip_prefix(' ').unwrap_or(unit)))
}

/// A day: no wait of a request is longer, and timer arithmetic stays far from its limits.
const LONGEST_MILLIS: u64 = 24 * 3_600_000;
/// 1 TiB: larger is a slip of the keyboard.
const LARGEST: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_need_a_number_and_a_unit() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("15 m", 900_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                Span::parse(text),
                Ok(Span(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for text in [
            "",
            "30",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "30 sec",
            "25h",
            "30  s",
            "99999999999999999999s",
        ] {
            assert_eq!(Span::parse(text), Err(NotASpan), "{text}");
        }
    }

    #[test]
    fn sizes_need_a_number_and_a_binary_unit() {
        for (text, bytes) in [
            ("1B", 1),
            ("64KiB", 65_536),
            ("32 MiB", 33_554_432),
            ("4GiB", 4 << 30),
        ] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
            assert_eq!(Size::parse(&Size(bytes).to_string()), Ok(Size(bytes)));
        }
        for text in [
            "",
            "32",
            "32MB",
            "32M",
            "0MiB",
            "2048GiB",
            "99999999999GiB",
            "MiB",
        ] {
            assert_eq!(Size::parse(text), Err(NotASize), "{text}");
        }
    }
}
