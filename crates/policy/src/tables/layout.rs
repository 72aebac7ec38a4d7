//! Where everything lies in tables: the one place that reader and writer share.

use crate::{Action, ModelSource, Purposes, Verdict};

pub(super) const MAGIC: [u8; 4] = *b"SBT1";

/// Bytes of one route, one model or pattern, and one slot.
pub(super) const ROUTE: usize = 52;
pub(super) const MODEL: usize = 20;
pub(super) const SLOT: usize = 8;

/// A pair of words, by the index of the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference(usize);

/// The header's fields.
pub(super) mod header {
    use super::Reference;

    pub(in super::super) const NAME: Reference = Reference(2);
    pub(in super::super) const VERSION: Reference = Reference(4);
    pub(in super::super) const ROUTES: Reference = Reference(6);
    pub(in super::super) const MODELS: Reference = Reference(8);
    pub(in super::super) const PATTERNS: Reference = Reference(10);
    pub(in super::super) const LENGTHS: Reference = Reference(12);
    pub(in super::super) const MODEL_SLOTS: Reference = Reference(14);
    pub(in super::super) const PATTERN_SLOTS: Reference = Reference(16);
    pub(in super::super) const TEXTS: Reference = Reference(18);
    pub(in super::super) const NAMES: Reference = Reference(20);
    /// Bytes of the header.
    pub(in super::super) const SIZE: usize = 88;
}

/// A route's texts, and the word of its flags.
pub(super) const METHOD: Reference = Reference(0);
pub(super) const TEMPLATE: Reference = Reference(2);
pub(super) const SCOPES: Reference = Reference(4);
pub(super) const QUERY: Reference = Reference(6);
pub(super) const HEADERS: Reference = Reference(8);
pub(super) const BECAUSE: Reference = Reference(10);
pub(super) const FLAGS: usize = 12;

/// A model's names, and the word of its endpoints.
pub(super) const PATTERN: Reference = Reference(0);
pub(super) const PUBLISHED: Reference = Reference(2);
pub(super) const ENDPOINTS: usize = 4;

/// The word with this index.
pub(super) fn word(bytes: &[u8], index: usize) -> Option<u32> {
    bytes
        .as_chunks()
        .0
        .get(index)
        .map(|word| u32::from_le_bytes(*word))
}

/// Part of a section: an offset into it and a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Span {
    pub(super) const ABSENT: Self = Self {
        start: u32::MAX,
        length: 0,
    };

    pub(super) fn at(bytes: &[u8], reference: Reference) -> Self {
        let start = word(bytes, reference.0);
        let length = word(bytes, reference.0 + 1);
        match (start, length) {
            (Some(start), Some(length)) => Self { start, length },
            // Only a record of the wrong size: no section is that long.
            _ => Self {
                start: u32::MAX,
                length: u32::MAX,
            },
        }
    }

    pub(super) fn is_absent(self) -> bool {
        self == Self::ABSENT
    }

    pub(super) fn bytes(self, section: &[u8]) -> Option<&[u8]> {
        section
            .get(self.start as usize..)?
            .get(..self.length as usize)
    }

    pub(super) fn text(self, section: &str) -> Option<&str> {
        section
            .get(self.start as usize..)?
            .get(..self.length as usize)
    }
}

/// 64-bit FNV-1a, which can go on where it stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    pub(super) fn and(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    /// Where to look in the given step, among a power of two of slots.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is wanted")]
    pub(super) fn slot(self, step: usize, slots: usize) -> usize {
        let folded = (self.0 ^ (self.0 >> 32)) as u32 as usize;
        folded.wrapping_add(step) & slots.wrapping_sub(1)
    }

    /// The half kept in a slot, so that few other names are compared.
    pub(super) const fn tag(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

pub(super) fn flags(route: &crate::RouteRule<'_>) -> u32 {
    let verdict = match route.verdict {
        Verdict::Native => 0,
        Verdict::GtExtension => 1,
        Verdict::NotSupported => 2,
    };
    let model = match route.model {
        ModelSource::None => 0,
        ModelSource::Json => 1,
        ModelSource::Multipart => 2,
    };
    let refused = u32::from(route.action == Action::Refuse);
    verdict | model << 2 | refused << 4 | u32::from(route.purposes.bits()) << 8
}

pub(super) const fn verdict(flags: u32) -> Option<Verdict> {
    match flags & 0b11 {
        0 => Some(Verdict::Native),
        1 => Some(Verdict::GtExtension),
        2 => Some(Verdict::NotSupported),
        _ => None,
    }
}

pub(super) const fn model_source(flags: u32) -> Option<ModelSource> {
    match flags >> 2 & 0b11 {
        0 => Some(ModelSource::None),
        1 => Some(ModelSource::Json),
        2 => Some(ModelSource::Multipart),
        _ => None,
    }
}

pub(super) const fn action(flags: u32) -> Action {
    if flags >> 4 & 1 == 0 {
        Action::Forward
    } else {
        Action::Refuse
    }
}

pub(super) const fn purposes(flags: u32) -> Purposes {
    Purposes::from_bits((flags >> 8 & 0b111) as u8)
}
