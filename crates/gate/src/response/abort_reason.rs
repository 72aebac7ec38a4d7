//! Why an answer ends before its time.

use signalbox_http::refusal::{Code, Refusal};

/// An answer broke off; hyper cuts the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AbortReason {
    /// The operator ended the answers of the policy that decided it.
    #[error("the answer was cut: its policy was replaced")]
    Cut,
    /// GT's connection broke.
    #[error("the upstream's answer broke off")]
    Upstream,
    /// The client's key was revoked, or its time was over.
    #[error("the answer was cut: its key may not be used any more")]
    Key,
    /// The client took nothing of it for too long.
    #[error("the client took nothing of the answer")]
    ClientStalled,
    /// The host is shutting down.
    #[error("the answer was cut by the shutdown")]
    Shutdown,
    /// GT said nothing for too long.
    #[error("the upstream went quiet")]
    Quiet,
}

impl AbortReason {
    /// A stable word for the log and the metrics.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::ClientStalled => "client_stalled",
            Self::Cut => "policy_cut",
            Self::Key => "key_ended",
            Self::Quiet => "answer_idle",
            Self::Shutdown => "shutdown",
            Self::Upstream => "broken_answer",
        }
    }

    /// What a stream of events ends with.
    pub fn refusal(self) -> Refusal {
        match self {
            // The request was with GT already: nothing may try it again by itself.
            Self::Cut => Refusal::new(
                Code::PolicyFailed,
                "The policy that let this request through was replaced, and the answers it had let \
                 through were ended. GT may have acted on the request.",
            ),
            // Whoever takes nothing reads no event either; it is told for the log.
            Self::ClientStalled => Refusal::new(
                Code::RequestTimeout,
                "Nothing of the answer was taken for too long.",
            ),
            Self::Key => Refusal::of(Code::InvalidApiKey),
            Self::Quiet => Refusal::of(Code::UpstreamTimeout),
            Self::Shutdown => Refusal::of(Code::Overloaded),
            Self::Upstream => Refusal::of(Code::UpstreamProtocol),
        }
    }
}
