//! A body of which enough was read to know its model, and the one value in it that may change.

mod form;
mod json;

use signalbox_http::refusal::Refusal;
use signalbox_policy::RequestedModel;

pub(crate) use form::HeldForm;
pub(crate) use json::HeldJson;

/// A body of which enough was read to know its model.
#[derive(Debug)]
pub(crate) enum HeldBody {
    /// All of it is here.
    Json(HeldJson),
    /// It is here up to its model, or whole if it has none.
    Form(Box<HeldForm>),
}

/// What of a body GT gets.
///
/// Exhaustive on purpose: a body is looked into or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing<'a> {
    /// Whatever the client sends: a policy forwards it without asking for its model.
    Untouched,
    /// What passes the scan, with this model; `None` leaves it without one.
    Checked(Option<&'a str>),
}

impl HeldBody {
    /// What the policy is told.
    ///
    /// # Errors
    /// If the body is not what the route takes.
    pub(crate) fn requested(&self) -> Result<RequestedModel<'_>, Refusal> {
        let model = match self {
            Self::Json(held) => held.model(),
            Self::Form(held) => held.model()?,
        };
        Ok(model.map_or(RequestedModel::Absent, RequestedModel::Named))
    }

    /// Whether the request asks for a stream, as far as that can be told.
    pub(crate) fn asks_for_a_stream(&self) -> bool {
        match self {
            Self::Json(held) => held.asks_for_a_stream(),
            // None of GT's routes with forms streams its answer.
            Self::Form(_) => false,
        }
    }
}
