//! A request that was made, as far as it is known.

use std::collections::BTreeMap;

use signalbox_policy::{BodyValue, Caller};

use super::secret::Secrets;
use crate::recorded::Broken;

/// A request, and what came of it.
pub(super) struct Request {
    pub(super) place: Place,
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    /// Whether a header that is not among these was not sent.
    pub(super) has_all_headers: bool,
    pub(super) caller: Caller,
    pub(super) model: Model,
    /// Other members of the body.
    pub(super) body: BTreeMap<String, BodyValue>,
    /// Members that were sent, and whose value is not written down.
    pub(super) unknown_members: Vec<String>,
    /// Whether a member that is not among these was not sent.
    pub(super) has_whole_body: bool,
    pub(super) before: Before,
    /// What is not shown, wherever else it stands.
    pub(super) secrets: Secrets,
}

/// Where a request stands, for people to find it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The line of the log, or the number of the entry, from 1.
    pub(super) number: u64,
    pub(super) id: Option<String>,
    pub(super) time: Option<String>,
}

/// The model in the body.
pub(super) enum Model {
    Named(String),
    Absent,
    /// It is not written down.
    Unknown,
}

/// What came of it.
pub(super) enum Before {
    Forward {
        /// Where to, if that is known.
        route: Option<String>,
        model: Published,
    },
    /// A list, of these names if that is known.
    List(Option<Vec<String>>),
    Refuse(String),
    /// With a code that is none of Signalbox's: it may be anything, so it is not shown.
    RefuseOtherwise(String),
    /// The policy failed.
    Failed(String),
}

/// The name GT got.
pub(super) enum Published {
    Known(Option<String>),
    Unknown,
}

/// Why a request is not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Untold {
    Broken(Broken),
    BrokenEntry,
    OfHost,
    NoKey,
    UnknownKey,
    KeyNotWritten,
    Undecided,
    NotOfGate,
    NoAnswer,
    NoText,
    Model,
    Members,
    Headers,
}

impl Untold {
    /// Whether there is no request at all.
    pub(super) const fn is_no_request(self) -> bool {
        matches!(self, Self::Broken(_) | Self::BrokenEntry)
    }

    /// Whether an option gives what is missing.
    pub(super) const fn is_for_keys(self) -> bool {
        matches!(self, Self::NoKey | Self::UnknownKey | Self::KeyNotWritten)
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Broken(broken) => broken.word(),
            Self::BrokenEntry => "the entry has no request with its answer",
            Self::OfHost => "the host refused it, whatever a policy says",
            Self::NoKey => "it does not say with which key: name one with --keys and --key",
            Self::UnknownKey => "the keyring has no such key",
            Self::KeyNotWritten => {
                "a line of the log does not hold what its key may do: give --keys"
            }
            Self::Undecided => "nothing was decided: the body was asked for",
            Self::NotOfGate => "it is no request to a gate",
            Self::NoAnswer => "it has no answer",
            Self::NoText => "the text of its answer is missing, or cannot be read",
            Self::Model => "it depends on the model in the body, which is not written down",
            Self::Members => "it depends on the body, and bodies are never logged",
            Self::Headers => "it depends on a header, which is not written down",
        }
    }
}
