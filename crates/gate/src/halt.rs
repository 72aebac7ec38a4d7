//! Why the order of checks is not walked on.

use std::sync::Arc;

use bytes::Bytes;
use signalbox_http::refusal::Refusal;

use crate::policy::call::PolicyCall;
use crate::response::rejection::Rejection;
use crate::upstream::models_request::ModelsRequest;
use crate::upstream::request::ContractViolation;

/// Why the walk stops.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something has to be brought first.
    Need(Box<Need>),
    /// The request is refused.
    Rejected(Arc<Rejection>),
}

/// What a door has to bring.
#[derive(Debug)]
pub(crate) enum Need {
    /// The next piece of the body.
    Piece,
    /// Whether this token verifies.
    Token(Box<str>),
    /// That this is on disk.
    Write(Bytes),
    /// A policy's answer.
    Policy(PolicyCall),
    /// The list of models that GT has for us.
    Models(ModelsRequest),
}

impl From<Need> for Halt {
    fn from(need: Need) -> Self {
        Self::Need(Box::new(need))
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(Arc::new(refusal.into()))
    }
}

impl From<Rejection> for Halt {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Arc::new(rejection))
    }
}

impl From<Arc<Rejection>> for Halt {
    fn from(rejection: Arc<Rejection>) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<ContractViolation> for Halt {
    fn from(violation: ContractViolation) -> Self {
        Self::Rejected(Arc::new(violation.into()))
    }
}
