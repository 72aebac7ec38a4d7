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
