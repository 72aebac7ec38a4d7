//! Whether a head said in more than one way where its body ends.

/// Both ways to say where the body ends, in one head.
///
/// Exhaustive on purpose: who asks must act on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// At most one of them.
    Plainly,
    /// Both.
    Twice,
}
