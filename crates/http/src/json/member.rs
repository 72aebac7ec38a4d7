//! What is told of a top-level member of a body.

/// The value of a top-level member, as far as a decision may go by it.
///
/// Exhaustive on purpose: whoever tells it on looks at each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// A number written with digits alone.
    Integer(u64),
    /// A string, escapes resolved.
    Text(String),
    /// The member is there, and what a reader makes of it is not known, or is neither.
    Unclear(MemberFault),
}

/// Why a value is not told. Where several hold, it is the first of these.
///
/// Exhaustive on purpose, like [`Member`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberFault {
    /// A member of this name is there twice, or more often.
    Repeated,
    /// A member is there that some readers take for it.
    LetterCase,
    /// The value is neither a string nor a number written with digits alone, or is above `u64`.
    OtherType,
    /// The value is a longer string than is told.
    TooLong,
}
