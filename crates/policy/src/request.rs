//! The facts of one request, as the host gives them.

use alloc::{string::String, vec::Vec};

use crate::Caller;

/// The facts of one request. A decision is a pure function of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Canonical path, always under `/v1/`, with no query.
    pub path: &'a str,
    /// The query as it came, without `?`.
    pub query: Option<&'a str>,
    /// The content type as it came.
    pub content_type: Option<&'a str>,
    /// The headers the policy's description asked for, those the request has, in their order.
    pub headers: &'a [Header<'a>],
    /// Who asks.
    pub caller: &'a Caller,
    /// What is known of the model name.
    pub model: RequestedModel<'a>,
    /// The members of the body that the policy's description asked for, those the body has, in the
    /// description's order. Empty while the model is unread.
    pub body_members: &'a [(&'a str, BodyMember<'a>)],
}

/// The value of a top-level member of the body, as far as a decision may go by it.
///
/// Exhaustive on purpose: these are the contract's three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyMember<'a> {
    /// A number written with digits alone.
    Integer(u64),
    /// A string, escapes resolved.
    Text(&'a str),
    /// The member is there, and what GT would read is not known, or is neither.
    Unclear(BodyMemberFault),
}

/// Why the value of a body's member is not told. Where several hold, it is the first of these.
///
/// Exhaustive on purpose: these are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyMemberFault {
    /// A member of this name is there twice, or more often.
    Repeated,
    /// A member is there that some readers take for it.
    LetterCase,
    /// The value is neither a string nor a number written with digits alone, or is above `u64`.
    OtherType,
    /// The value is a longer string than is told.
    TooLong,
}

impl BodyMemberFault {
    /// A stable word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::LetterCase => "letter_case",
            Self::OtherType => "other_type",
            Self::TooLong => "too_long",
        }
    }
}

/// One header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Lower-case name.
    pub name: &'a str,
    /// The value as it came, without surrounding white space.
    pub value: &'a [u8],
}

/// A header that owns its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderBuf {
    /// Lower-case name.
    pub name: String,
    /// The value.
    pub value: Vec<u8>,
}

/// What is known of the model name the client wrote.
///
/// Exhaustive on purpose: these are the contract's three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedModel<'a> {
    /// The body has not been looked at.
    Unread,
    /// The body was read and carries no model name.
    Absent,
    /// The body carries exactly this name, escapes resolved.
    Named(&'a str),
}
