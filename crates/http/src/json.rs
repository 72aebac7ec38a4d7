//! Finding the model name in a request body without building a tree.
//!
//! One pass checks the whole body (RFC 8259's grammar, UTF-8, depth, one object and nothing after
//! it) and remembers where the one top-level `model` stands. What decoders differ about is refused:
//! a second `model`, one in other case, a byte order mark, an unpaired surrogate anywhere. So
//! whatever reads the body behind us reads the name that was decided on.

mod flaw;
mod grammar;
mod key;
mod member;
mod members;
mod model;
mod nest;
mod number;
mod scanner;
mod stream;
mod text;
mod utf8;

use std::ops::Range;

pub(crate) use key::{KeyMatch, Similarity};
pub use member::{Member, MemberFault};
pub use members::{MemberNames, Members, ToldMembers};
pub use scanner::Scanner;
pub use stream::asks_for_a_stream;
pub(crate) use text::{Text, plain_text};

pub use crate::quote::{quote, quoted};
use crate::refusal::Refusal;

/// What a body says of its model.
///
/// Exhaustive on purpose: a body names a model or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no top-level `model`.
    Absent,
    /// There is exactly one, and it is a string. The empty string is a name too: that no model has
    /// it is the policy's to say.
    Named {
        /// The name, escapes resolved.
        name: String,
        /// Where its value stands in the body, quotes included.
        span: Range<usize>,
    },
}

/// Checks a whole body and finds its model name.
///
/// # Errors
/// `invalid_body` for what is not one JSON object or has a `model` that is no string of at most
/// 1,024 bytes; `ambiguous_model` for a second `model`, in whatever case.
pub fn find_model(body: &[u8]) -> Result<Found, Refusal> {
    let mut scanner = Scanner::new();
    scanner.push(body)?;
    scanner.finish()
}

/// Checks a whole body, finds its model name, and what is told of the members of these names.
///
/// # Errors
/// As [`find_model`]: what is wrong with a member is told in its place.
pub fn find_members(body: &[u8], names: &MemberNames) -> Result<(Found, ToldMembers), Refusal> {
    let mut scanner = Scanner::asking(names);
    scanner.push(body)?;
    let (found, members) = scanner.finish_asked()?;
    Ok((found, members.map_or_else(Vec::new, |it| it.told(body))))
}
