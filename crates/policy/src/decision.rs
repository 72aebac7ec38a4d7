//! What is decided of a request.

use alloc::{string::String, vec::Vec};

use crate::{HeaderBuf, RouteIndex};

/// What to do with a request.
///
/// Exhaustive on purpose: whoever acts on a decision must look at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it to GT.
    Forward(Forward),
    /// Answer with a list of models.
    ListModels(ListMode),
    /// Nothing on the head refuses it: find the model name and ask again.
    ReadModel,
    /// Answer without asking GT.
    Refuse(Refusal),
}

/// How a request goes to GT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    /// The described route to send it along.
    pub route: RouteIndex,
    /// A value for each parameter of the template, in its order.
    pub parameters: Vec<(String, String)>,
    /// The query to send, without `?`; `None` drops the client's.
    pub query: Option<String>,
    /// The published name to put in place of the model name.
    pub model: Option<String>,
    /// The name the client is to see in answers where GT says its own.
    pub response_model: Option<String>,
    /// For people: one line that the client is told beside GT's answer, and that stands in the record.
    pub notice: Option<String>,
    /// Headers to set on the request to GT.
    pub set_headers: Vec<HeaderBuf>,
    /// Headers not to send to GT although the allow-list has them.
    pub drop_headers: Vec<String>,
    /// Words for the log and the metrics.
    pub labels: Vec<(String, String)>,
}

/// Which list `GET /v1/models` answers with.
///
/// Exhaustive on purpose, like [`Decision`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListMode {
    /// The policy's own catalogue.
    Catalogue,
    /// GT's list, mapped back through the catalogue.
    Upstream,
    /// These names, which the catalogue lists.
    Only(Vec<String>),
}

/// An answer given without asking GT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400 to 499.
    pub status: u16,
    /// Stable word for programs: `[a-z0-9_]{1,64}`.
    pub code: String,
    /// For people: what is wrong and what to do next; at most 2 KiB.
    pub message: String,
    /// The field at fault, if it is one.
    pub param: Option<String>,
    /// For the log only: which rule refused.
    pub reason: String,
}
