//! Asking a policy, and what it means when it has no answer: the request is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, Request};
use signalbox_runtime::{DecideError, Generation, RequestBuf, SubmitError};

use crate::response::rejection::Rejection;

/// Why a policy gave no decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The decision pool did not take the question.
    #[error("the decision pool is busy")]
    Busy(#[source] SubmitError),
    /// The call failed, in one of the ways a guest can.
    #[error("the policy failed")]
    Decide(#[source] DecideError),
    /// The question was dropped unanswered.
    #[error("the decision pool dropped the question")]
    Dropped,
    /// The host's own code panicked under the call.
    #[error("the call into the policy panicked")]
    Panicked,
}

/// A question for a policy that may not be asked where nothing may block.
#[derive(Debug)]
pub struct PolicyCall {
    generation: Arc<Generation>,
    request: RequestBuf,
}

impl PolicyCall {
    pub(crate) const fn new(generation: Arc<Generation>, request: RequestBuf) -> Self {
        Self {
            generation,
            request,
        }
    }

    /// Which policy is asked.
    #[must_use]
    pub const fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// What a [`signalbox_runtime::DecisionPool`] is given.
    #[must_use]
    pub fn into_parts(self) -> (Arc<Generation>, RequestBuf) {
        (self.generation, self.request)
    }

    /// Asks right here: it takes milliseconds, and nothing else happens on the thread meanwhile.
    ///
    /// # Errors
    /// If the policy has no answer.
    pub fn ask(&self) -> Result<Decision, AskError> {
        self.request
            .view(|request| ask_inline(&self.generation, request))
    }
}

/// Asks a policy that may be asked right here, which takes microseconds.
pub(crate) fn ask_inline(
    generation: &Arc<Generation>,
    request: &Request<'_>,
) -> Result<Decision, AskError> {
    // After a panic nothing of the call is used again: its instance goes with it.
    catch_unwind(AssertUnwindSafe(|| generation.decide(request)))
        .map_err(|_panic| AskError::Panicked)?
        .map_err(AskError::Decide)
}

impl AskError {
    /// A stable word for the log and the metrics.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Busy(busy) => busy.cause(),
            Self::Decide(error) => error.cause(),
            Self::Dropped => "dropped",
            Self::Panicked => "panicked",
        }
    }

    /// Whether the guest is to blame, and not the host or its load.
    pub const fn is_guest_failure(&self) -> bool {
        matches!(self, Self::Decide(error) if error.is_guest_failure())
    }

    /// What the client is told. No failure of a policy ever lets a request through.
    pub fn refusal(&self) -> Refusal {
        Refusal::of(match self {
            Self::Busy(SubmitError::CallerFails) | Self::Panicked => Code::PolicyFailed,
            Self::Busy(_) | Self::Dropped => Code::Overloaded,
            Self::Decide(DecideError::Timeout) => Code::PolicyTimeout,
            Self::Decide(DecideError::PoolExhausted | DecideError::Closed) => Code::Overloaded,
            Self::Decide(_) => Code::PolicyFailed,
        })
    }
}

impl From<AskError> for Rejection {
    fn from(error: AskError) -> Self {
        Self::Failed {
            cause: error.cause(),
            is_guests: error.is_guest_failure(),
            refusal: error.refusal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_refusal_and_its_cause() {
        for (error, code, cause) in [
            (
                AskError::Decide(DecideError::Timeout),
                "policy_timeout",
                "timeout",
            ),
            (
                AskError::Decide(DecideError::Memory),
                "policy_failed",
                "memory",
            ),
            (
                AskError::Decide(DecideError::Internal),
                "policy_failed",
                "internal",
            ),
            (
                AskError::Decide(DecideError::PoolExhausted),
                "overloaded",
                "pool_exhausted",
            ),
            (
                AskError::Busy(SubmitError::QueueFull),
                "overloaded",
                "queue_full",
            ),
            (
                AskError::Busy(SubmitError::CallerShare),
                "overloaded",
                "caller_share",
            ),
            (
                AskError::Busy(SubmitError::CallerFails),
                "policy_failed",
                "caller_fails",
            ),
            (AskError::Dropped, "overloaded", "dropped"),
            (AskError::Panicked, "policy_failed", "panicked"),
        ] {
            let refusal = error.refusal();
            assert_eq!(
                (refusal.status(), refusal.code(), error.cause()),
                (503, code, cause)
            );
        }
    }
}
