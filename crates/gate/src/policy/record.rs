//! What there is to remember of a decision.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use signalbox_policy::{Caller, Decision, Request};
use signalbox_runtime::Digest;

use crate::response::decision_id::DecisionId;

/// What there is to remember of one decision. Told to [`crate::Observer::decided`] before it is acted
/// on: what follows may take minutes.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Its id, which the client is told.
    pub id: DecisionId,
    /// When the request came.
    pub time: Timestamp,
    /// Who decided; `None` if no policy was asked.
    pub policy: Option<&'a Decider>,
    /// What was known of the request.
    pub facts: RecordFacts<'a>,
    /// What came of it.
    pub conclusion: Conclusion<'a>,
    /// The route a `forward` goes along, as `METHOD template`.
    pub route: Option<&'a str>,
    /// How long the policy took, all calls together.
    pub took: Duration,
}

/// Who decided. A record shares it: a clone copies no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decider {
    /// The policy's name.
    pub name: Arc<str>,
    /// The generation's number.
    pub generation: u64,
    /// SHA-256 of its component.
    pub digest: Digest,
}

/// What was known of the request.
///
/// Exhaustive on purpose: a request was shown to a policy or not.
#[derive(Clone, Copy)]
pub enum RecordFacts<'a> {
    /// No more than this: it was refused before.
    Head {
        /// Its method.
        method: &'a str,
        /// Its path, without the query.
        path: &'a str,
    },
    /// What the policy was told last.
    Request {
        /// All of it.
        request: &'a Request<'a>,
        /// The caller in it, to be kept without a copy.
        caller: &'a Arc<Caller>,
        /// Whether the policy has the model's name: [`crate::Facts::is_model_listed`].
        is_model_listed: bool,
    },
}

/// What came of it.
///
/// Exhaustive on purpose: each is written down in its own way.
#[derive(Clone, Copy)]
pub enum Conclusion<'a> {
    /// The policy's decision, and the gate went by it.
    Decided(&'a Decision),
    /// The gate refused by itself.
    Refused {
        /// The status.
        status: u16,
        /// The code.
        code: &'a str,
    },
    /// The policy failed, or decided what it may not.
    Failed {
        /// The status.
        status: u16,
        /// The code.
        code: &'a str,
        /// The word of what went wrong.
        cause: &'static str,
    },
}

impl Conclusion<'_> {
    /// The word of what went wrong with the policy, if anything did.
    #[must_use]
    pub const fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Failed { cause, .. } => Some(cause),
            Self::Decided(_) | Self::Refused { .. } => None,
        }
    }
}

/// A record holds a request as it came: nothing of it is printed by accident.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RecordFacts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Head { .. } => "RecordFacts::Head",
            Self::Request { .. } => "RecordFacts::Request",
        })
    }
}

impl fmt::Debug for Conclusion<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Decided(_) => "Conclusion::Decided",
            Self::Refused { .. } => "Conclusion::Refused",
            Self::Failed { .. } => "Conclusion::Failed",
        })
    }
}
