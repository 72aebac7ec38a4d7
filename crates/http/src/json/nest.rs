//! Which containers are open.

use super::flaw::Flaw;

/// The containers around the current place, one bit each, the innermost lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    kinds: u128,
    depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Object,
}

impl Depth {
    pub(super) const fn new() -> Self {
        Self { kinds: 0, depth: 0 }
    }

    pub(super) fn open(&mut self, kind: Kind) -> Result<(), Flaw> {
        // As deep as serde_json goes, and as there are bits.
        if self.depth == u128::BITS {
            return Err(Flaw::TooDeep);
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u128::from(kind == Kind::Object);
        Ok(())
    }

    pub(super) const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.kinds >>= 1;
    }

    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    /// The kind of the innermost one.
    pub(super) const fn kind(&self) -> Kind {
        if self.kinds & 1 == 1 {
            Kind::Object
        } else {
            Kind::Array
        }
    }
}
