//! Where everything lies in tables: the one place that reader and writer share.

use crate::{Action, CallerSet, Ceilings, Effort, Endpoints, ModelSource, Purposes, Verdict};

pub(super) const MAGIC: [u8; 4] = *b"SBT2";

/// Bytes of one route, one model or pattern, one slot, the terms of a model, and a rule for callers.
pub(super) const ROUTE: usize = 76;
pub(super) const MODEL: usize = 20;
pub(super) const SLOT: usize = 8;
pub(super) const TERMS: usize = 40;
pub(super) const CALLER: usize = 36;

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
    pub(in super::super) const TERMS: Reference = Reference(22);
    pub(in super::super) const CALLERS: Reference = Reference(24);
    /// Bytes of the header.
    pub(in super::super) const SIZE: usize = 104;
}

/// A route's texts, and the word of its flags.
pub(super) const METHOD: Reference = Reference(0);
pub(super) const TEMPLATE: Reference = Reference(2);
pub(super) const SCOPES: Reference = Reference(4);
pub(super) const QUERY: Reference = Reference(6);
pub(super) const HEADERS: Reference = Reference(8);
pub(super) const BECAUSE: Reference = Reference(10);
pub(super) const REQUIRED_HEADERS: Reference = Reference(12);
pub(super) const SET_HEADERS: Reference = Reference(14);
pub(super) const ROUTE_CALLERS: usize = 16;
pub(super) const FLAGS: usize = 18;

/// A model's names, and the word of its endpoints and of the place of its terms.
pub(super) const PATTERN: Reference = Reference(0);
pub(super) const PUBLISHED: Reference = Reference(2);
pub(super) const USE: usize = 4;

/// The texts of a model's terms, their ceilings, the callers, and the word of the rest.
pub(super) const CHOICES: Reference = Reference(0);
pub(super) const DEPRECATED: Reference = Reference(2);
pub(super) const TERMS_CEILINGS: usize = 4;
pub(super) const TERMS_CALLERS: usize = 7;
pub(super) const UNLISTED: usize = 9;

/// The texts of a rule for callers, and its ceilings.
pub(super) const CALLER_NAME: Reference = Reference(0);
pub(super) const CALLER_KEYS: Reference = Reference(2);
pub(super) const CALLER_LABELS: Reference = Reference(4);
pub(super) const CALLER_CEILINGS: usize = 6;

/// The words of ceilings. None of them is what the most that can be said is.
pub(super) fn ceilings_words(ceilings: Ceilings) -> [u32; 3] {
    [
        ceilings.tokens.unwrap_or(UNSET),
        ceilings.answers.unwrap_or(UNSET),
        ceilings.effort.map_or(UNSET, |effort| effort as u32),
    ]
}

/// The ceilings whose first word has this index. `None` if they cannot be read.
pub(super) fn ceilings(bytes: &[u8], index: usize) -> Option<Ceilings> {
    let set = |index| Some(Some(word(bytes, index)?).filter(|word| *word != UNSET));
    let effort = match set(index + 2)? {
        None => None,
        Some(place) => Some(*Effort::ALL.get(place as usize)?),
    };
    Some(Ceilings {
        tokens: set(index)?,
        answers: set(index + 1)?,
        effort,
    })
}

const UNSET: u32 = u32::MAX;

/// The words of a set of callers' rules.
#[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
pub(super) fn callers_words(callers: CallerSet) -> [u32; 2] {
    let bits = callers.bits();
    [bits as u32, (bits >> 32) as u32]
}

/// The set whose first word has this index.
pub(super) fn callers(bytes: &[u8], index: usize) -> Option<CallerSet> {
    let low = u64::from(word(bytes, index)?);
    let high = u64::from(word(bytes, index + 1)?);
    Some(CallerSet::from_bits(high << 32 | low))
}

/// The word of a model's endpoints and of the place of its terms, from 1; 0 for those of most names.
pub(super) fn use_word(endpoints: Endpoints, terms: u32) -> u32 {
    u32::from(endpoints.bits()) | terms << 8
}

pub(super) const fn endpoints(word: u32) -> Endpoints {
    Endpoints::from_bits((word & 0xff) as u8)
}

/// The place of a model's terms; `None` if they are those of most names.
pub(super) fn terms(word: u32) -> Option<usize> {
    (word >> 8).checked_sub(1).map(|place| place as usize)
}

/// How many different terms there may be.
pub(super) const MOST_TERMS: u32 = (1 << 24) - 1;

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
