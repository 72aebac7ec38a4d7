//! Why an exchange over HTTP/1.1 failed.

use std::io;

use signalbox_gate::BodyFailure;
use signalbox_http::http1::{BodyError, HeadError};

/// Why an exchange over HTTP/1.1 failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Http1Error {
    /// It closed, or said something, before anything was asked.
    #[error("the connection was closed, or spoke first")]
    NotIdle,
    /// Not all of the request could be written, and no answer came.
    #[error("the request could not be written")]
    Write(#[source] io::Error),
    /// The connection broke while something was waited for.
    #[error("the connection broke")]
    Read(#[source] io::Error),
    /// The connection was closed before the head of an answer.
    #[error("the connection was closed before the answer")]
    Unanswered,
    /// What came is no head.
    #[error("the head of the answer is not valid")]
    Head(#[source] HeadError),
    /// The body of the answer cannot be read on.
    #[error("the body of the answer is not valid")]
    Body(#[source] BodyError),
    /// The body of the request failed on its way.
    #[error("the request's body did not arrive whole")]
    RequestBody(#[source] BodyFailure),
    /// The body of the request has more or fewer bytes than were announced.
    #[error("the request's body is not as long as its head says")]
    RequestLength,
}

impl Http1Error {
    /// Whether what came back is not HTTP/1.1.
    pub(in crate::upstream) const fn is_protocol(&self) -> bool {
        matches!(self, Self::Head(_))
    }
}
