//! SHA-256 digests as registries write them.

use std::fmt;

use base16ct::{HexDisplay, lower};
use sha2::{Digest as _, Sha256};

/// The digest of a manifest, written `sha256:…`. Two pulls with the same one gave the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestDigest([u8; 32]);

impl ManifestDigest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// From `sha256:` and 64 lower-case hexadecimal digits: the one way to write it, so that texts
    /// can be compared.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(SHA256)?;
        let mut bytes = [0; 32];
        let read = lower::decode(digits, &mut bytes).ok()?;
        (read.len() == 32).then_some(Self(bytes))
    }

    /// The 32 bytes themselves.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ManifestDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SHA256}{:x}", HexDisplay(&self.0))
    }
}

impl fmt::Debug for ManifestDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

const SHA256: &str = "sha256:";

#[cfg(test)]
mod tests {
    use super::ManifestDigest;

    #[test]
    fn what_is_written_is_read_back() {
        let digest = ManifestDigest::of(b"a component");
        assert_eq!(ManifestDigest::read(&digest.to_string()), Some(digest));
    }

    #[test]
    fn there_is_one_way_to_write_it() {
        let written = ManifestDigest::of(b"").to_string();
        assert!(written.starts_with("sha256:e3b0c442"), "{written}");
        let digits = written.strip_prefix("sha256:").unwrap();
        for other in [
            written.to_uppercase(),
            digits.to_owned(),
            format!("sha512:{digits}"),
            format!("{written}0"),
            format!("sha256:+{}", &digits[1..]),
            format!("sha256:{}", &digits[2..]),
            "sha256:".to_owned(),
        ] {
            assert_eq!(ManifestDigest::read(&other), None, "{other}");
        }
    }
}
