//! A piece of a body among the bytes that carry it.

/// What the bytes at hand are, in this order. What comes after them was not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece {
    /// So many belong to chunks, not to their content.
    pub before: usize,
    /// So many are content.
    pub content: usize,
    /// So many belong to chunks again.
    pub after: usize,
}
