//! Durations and sizes as people write them.

use std::fmt;
use std::time::Duration;

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
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let millis = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        }?;
        number
            .checked_mul(millis)
            .filter(|millis| *millis > 0 && *millis <= LONGEST_MILLIS)
            .map(|millis| Self(Duration::from_millis(millis)))
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
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let factor = match unit {
            "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        }?;
        number
            .checked_mul(factor)
            .filter(|bytes| *bytes > 0 && *bytes <= LARGEST)
            .map(Self)
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
                Some(Span(Duration::from_millis(millis))),
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
            assert_eq!(Span::parse(text), None, "{text}");
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
            assert_eq!(Size::parse(text), Some(Size(bytes)), "{text}");
            assert_eq!(Size::parse(&Size(bytes).to_string()), Some(Size(bytes)));
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
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }
}
