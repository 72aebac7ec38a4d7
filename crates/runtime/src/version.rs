//! Which versions of the contract are spoken.

use std::fmt;

/// A version of the contract. Every release of one has the same types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContractVersion {
    /// `signalbox:policy@0.1`
    V0_1,
    /// `signalbox:policy@0.2`
    V0_2,
}

impl ContractVersion {
    /// The version that `0.1.7` and the like are a release of, if it is spoken.
    pub(crate) fn of_release(release: &str) -> Option<Self> {
        let (version, patch) = release.rsplit_once('.')?;
        let is_number = !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit());
        let spoken = [Self::V0_1, Self::V0_2];
        let mut spoken = spoken.into_iter().filter(|_| is_number);
        spoken.find(|it| it.word() == version)
    }

    /// The version without its patch, as in `0.1`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1",
            Self::V0_2 => "0.2",
        }
    }
}

impl fmt::Display for ContractVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_of_a_spoken_version_are_spoken() {
        for (release, version) in [
            ("0.1.0", ContractVersion::V0_1),
            ("0.1.17", ContractVersion::V0_1),
            ("0.2.0", ContractVersion::V0_2),
        ] {
            assert_eq!(ContractVersion::of_release(release), Some(version));
        }
        for release in [
            "",
            "0.1",
            "0.1.",
            "0.3.0",
            "0.10.1",
            "1.1.0",
            "0.1.0-rc1",
            "0.2.x",
            "0.0.1.0",
        ] {
            assert_eq!(ContractVersion::of_release(release), None, "{release}");
        }
    }
}
