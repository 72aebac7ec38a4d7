//! Why a client's body did not arrive whole.

use signalbox_http::refusal::{Code, Refusal};

/// Why a client's body did not arrive whole. A door says so of a body it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyFailure {
    /// The client went away, or its framing broke.
    #[error("the body did not arrive whole")]
    Broken,
    /// What of it was held on disk is gone.
    #[error("the body could not be read back from disk")]
    NotHeld,
    /// The proxy that asks does not show it, or not all of it.
    #[error("the body is not shown")]
    NotShown,
    /// It is not what the route takes; the refusal says why.
    #[error("the body is not what it has to be")]
    Refused,
    /// It is longer than it may be.
    #[error("the body is too large")]
    TooLarge,
    /// Nothing came for too long, or the whole took too long.
    #[error("the body took too long")]
    TooSlow,
}

impl BodyFailure {
    /// What the client is told.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Broken => Refusal::new(
                Code::InvalidBody,
                "The body did not arrive whole: it ended early, or its chunks are not as HTTP has them. Send all of it.",
            ),
            Self::NotHeld => Refusal::of(Code::SpoolFailed),
            Self::NotShown => Refusal::new(
                Code::ProxyCannotRewrite,
                "The model of this request is in its body, which the proxy before this gate does not show to it. Use another base URL, or tell the operator.",
            ),
            Self::Refused => Refusal::of(Code::InvalidBody),
            Self::TooLarge => Refusal::of(Code::BodyTooLarge),
            Self::TooSlow => Refusal::of(Code::RequestTimeout),
        }
    }
}
