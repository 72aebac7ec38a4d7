//! What a route gives, and why it may give no answer.

use http::Response;

use crate::answer::{Body, Cut};
use crate::refusal::Refusal;

/// Why a route gave no answer of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Refusal),
    Cut(Cut),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Cut> for Failure {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}

/// What a route gives.
pub(crate) type Answer = Result<Response<Body>, Failure>;
