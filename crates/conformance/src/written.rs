//! Bytes as a person can read them in a diff.

use base16ct::HexDisplay;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use sha2::{Digest as _, Sha256};

/// Bytes that were recorded: text, line by line where there are several lines; base64 where they
/// are no text; a digest where there are many.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Written {
    /// One line.
    Text(String),
    /// Lines, each with its own end.
    Lines(Vec<String>),
    /// Bytes that are no text.
    Base64 {
        /// The bytes.
        base64: String,
    },
    /// More than a person reads.
    Digest {
        /// How many there are.
        length: usize,
        /// Their SHA-256.
        sha256: String,
    },
}

impl Default for Written {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Written {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.len() > LONGEST {
            return Self::Digest {
                length: bytes.len(),
                sha256: format!("{:x}", HexDisplay(Sha256::digest(bytes).as_slice())),
            };
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::Base64 {
                base64: STANDARD.encode(bytes),
            };
        };
        let lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        match lines.len() {
            0 | 1 => Self::Text(text.to_owned()),
            _ => Self::Lines(lines),
        }
    }
}

const LONGEST: usize = 8 << 10;
