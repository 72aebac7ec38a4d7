//! Decisions as a host writes them down: whole records, as `/decisions/{id}` gives them, and lines of its
//! log, which hold less. What neither holds is unknown here, and never guessed.

mod file;
mod line;
mod record;

pub(crate) use file::{Broken, Entry, lines, of_object, read};
pub(crate) use line::Ended;

/// A decision that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) id: String,
    pub(crate) time: Option<String>,
    /// Who decided; `None` if no policy was asked.
    pub(crate) decider: Option<Decider>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The identifier of the key; `None` if none was known.
    pub(crate) key: Option<String>,
    pub(crate) model: Model,
    pub(crate) outcome: Outcome,
    /// What went wrong with the policy.
    pub(crate) cause: Option<String>,
    /// What a whole record has beyond a line of the log.
    pub(crate) more: Option<More>,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decider {
    pub(crate) name: String,
    pub(crate) generation: Option<u64>,
    /// Of its component.
    pub(crate) digest: Option<String>,
}

/// The model name in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// The line does not say whether there was one.
    Unknown,
    /// The body was not looked at.
    Unread,
    Absent,
    Named(String),
    /// It did not look like a name, and its hash stands there.
    Hashed,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Forward {
        route: String,
        /// The published name; `None` if there is none, or the line does not say.
        model: Option<String>,
    },
    List,
    ReadModel,
    Refuse {
        status: Option<u16>,
        code: String,
        /// The rule, for the log.
        reason: Option<String>,
    },
}

/// What whole records have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct More {
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Values are hashed, but for those the operator lists.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) purposes: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) labels: Vec<(String, String)>,
    /// Of the body's members, those the policy looked at and whose value is known; texts are hashed.
    pub(crate) numbers: Vec<(String, u64)>,
    /// Those whose value is not.
    pub(crate) unknown_members: Vec<String>,
}

impl Recorded {
    /// Whether the host refused it before a policy was asked, or whatever the policy said.
    pub(crate) fn is_of_host(&self) -> bool {
        let Outcome::Refuse { code, reason, .. } = &self.outcome else {
            return false;
        };
        match (&self.more, &self.cause) {
            (_, Some(_)) => false,
            (Some(_), None) => reason.is_none(),
            // A line has no reason. These are the words of the one evaluation.
            (None, None) => self.decider.is_none() || !OF_POLICIES.contains(&code.as_str()),
        }
    }
}

/// Whether a word stands for what is not written down.
pub(crate) fn is_hash(word: &str) -> bool {
    word.starts_with('~')
}

/// Whether a policy refuses with this code for what a body asks for beside its model.
pub(crate) fn is_of_body(code: &str) -> bool {
    matches!(code, "above_ceiling" | "unclear_parameter")
}

/// The codes with which documents refuse.
const OF_POLICIES: [&str; 14] = [
    "above_ceiling",
    "caller_not_allowed",
    "conversation_not_allowed",
    "dataset_not_allowed",
    "gt_extension_route",
    "insufficient_scope",
    "method_not_allowed",
    "missing_conversation",
    "missing_header",
    "missing_model",
    "model_not_found",
    "purpose_not_allowed",
    "route_not_supported",
    "unclear_parameter",
];
