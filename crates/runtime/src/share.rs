//! A share of the callers.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

/// A share of the callers of one policy, in ten-thousandths: between 0.01 % and 100 %.
///
/// Which callers it takes depends on the policy's name and the caller's id alone, so it is the
/// same on every host of a fleet and after a restart, and a larger share takes all callers of a
/// smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrafficShare(u16);

impl TrafficShare {
    /// So many ten-thousandths, if they are between 1 and 10,000.
    #[must_use]
    pub const fn of_ten_thousand(parts: u16) -> Option<Self> {
        match parts {
            1..=10_000 => Some(Self(parts)),
            _ => None,
        }
    }

    /// In ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> u16 {
        self.0
    }

    /// Whether a caller of a policy is in it.
    #[must_use]
    pub fn takes(self, policy: &str, caller: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(policy);
        hash.update([0]);
        hash.update(caller);
        let [first, second, third, fourth, ..] = <[u8; 32]>::from(hash.finalize());
        u32::from_be_bytes([first, second, third, fourth]) % 10_000 < u32::from(self.0)
    }
}

impl FromStr for TrafficShare {
    type Err = BadShare;

    /// Reads `5`, `5%` and `0.25%`: percent.
    fn from_str(text: &str) -> Result<Self, BadShare> {
        let text = text.strip_suffix('%').unwrap_or(text);
        let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
        let part = match part.len() {
            1 => format!("{part}0"),
            _ => part.to_owned(),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() != 2 || !is_number(whole) || !is_number(&part) {
            return Err(BadShare);
        }
        let parts = format!("{whole}{part}").parse().map_err(|_| BadShare)?;
        Self::of_ten_thousand(parts).ok_or(BadShare)
    }
}

impl fmt::Display for TrafficShare {
    /// As percent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => write!(f, "{whole}%"),
            part if part % 10 == 0 => write!(f, "{whole}.{}%", part / 10),
            part => write!(f, "{whole}.{part:02}%"),
        }
    }
}

/// The text is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a percentage above 0 and up to 100, with at most two decimals")]
pub struct BadShare;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_and_shown_alike() {
        for (text, parts) in [
            ("5%", 500),
            ("100", 10_000),
            ("0.25%", 25),
            ("12.5%", 1_250),
        ] {
            let share: TrafficShare = text.parse().unwrap();
            assert_eq!(share.ten_thousandths(), parts);
            assert_eq!(
                share.to_string(),
                format!("{}%", text.trim_end_matches('%'))
            );
        }
        for text in [
            "", "0", "0%", "100.01", "-1", "5 %", "1.234", ".5", "%", "70000",
        ] {
            assert_eq!(text.parse::<TrafficShare>(), Err(BadShare), "{text}");
        }
    }

    #[test]
    fn a_larger_share_takes_all_of_a_smaller_one_and_about_as_many_as_it_says() {
        let [small, large] =
            [1_000, 3_000].map(|parts| TrafficShare::of_ten_thousand(parts).unwrap());
        let callers: Vec<String> = (0..10_000).map(|number| format!("key-{number}")).collect();
        let taken = |share: TrafficShare| {
            callers
                .iter()
                .filter(|id| share.takes("default", id))
                .count()
        };
        assert!((900..1_100).contains(&taken(small)), "{}", taken(small));
        assert!((2_800..3_200).contains(&taken(large)), "{}", taken(large));
        assert!(
            callers
                .iter()
                .all(|id| !small.takes("default", id) || large.takes("default", id))
        );
    }
}
