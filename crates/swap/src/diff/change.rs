//! One thing that changes for callers.

use std::fmt;

use serde::Serialize;

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it means for callers.
    pub effect: Effect,
    /// What it is about.
    pub subject: Subject,
    /// What of that changes.
    pub aspect: Aspect,
    /// As the old policy has it, if it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As the new one has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The change in a few words.
    pub text: String,
}

/// What a change means for callers.
///
/// Exhaustive on purpose: whoever judges a change looks at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Something is refused, or not listed any more, that was.
    Narrower,
    /// It is allowed still, and goes elsewhere or otherwise; or whether it is cannot be told.
    Different,
    /// Something is allowed, or listed, that was not.
    Wider,
    /// The decision is the same; callers read other words.
    Words,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Subject {
    /// A rule under `callers`.
    CallerRule {
        /// As the document calls it.
        name: String,
    },
    /// A route.
    Route {
        /// As `METHOD template`.
        name: String,
    },
    /// A model.
    Model {
        /// The name, or the pattern of names.
        name: String,
    },
    /// A request by one caller.
    Request {
        /// The identifier of the caller's key.
        key: String,
        /// Method and path.
        route: String,
        /// The model name in its body.
        #[serde(skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// The list of models for one caller.
    List {
        /// The identifier of the caller's key.
        key: String,
    },
}

/// What of it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aspect {
    /// Whether there is such a thing, or it is forwarded.
    Existence,
    /// The purposes a key needs one of.
    Purposes,
    /// The scopes a key needs.
    Scopes,
    /// Where the model name is.
    ModelSource,
    /// Query names that reach GT.
    Query,
    /// Headers that reach GT.
    Headers,
    /// Headers without which a request is refused.
    RequiredHeaders,
    /// Headers that GT is sent.
    SetHeaders,
    /// The rules for callers that have it.
    Callers,
    /// What the runbook says of it: a refusal has another code and message.
    Verdict,
    /// The reason people read.
    Because,
    /// The routes a name works on.
    For,
    /// What GT hears in place of the name.
    Published,
    /// Whether lists show the name.
    Listed,
    /// What people read who use the name.
    Deprecated,
    /// The most tokens.
    MaxTokens,
    /// The most answers.
    N,
    /// The most effort.
    ReasoningEffort,
    /// The keys of a rule for callers.
    Keys,
    /// The labels of a rule for callers.
    Labels,
    /// What is decided.
    Decision,
}

impl Change {
    pub(super) fn new(effect: Effect, subject: Subject, aspect: Aspect, text: String) -> Self {
        Self {
            effect,
            subject,
            aspect,
            before: None,
            now: None,
            text,
        }
    }

    pub(super) fn between(mut self, before: impl Into<Wording>, now: impl Into<Wording>) -> Self {
        self.before = before.into().0;
        self.now = now.into().0;
        self
    }
}

/// What stands before or behind a change; nothing where there is nothing.
pub(super) struct Wording(Option<String>);

impl From<String> for Wording {
    fn from(text: String) -> Self {
        Self((!text.is_empty()).then_some(text))
    }
}

impl From<&str> for Wording {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<&str>> for Wording {
    fn from(text: Option<&str>) -> Self {
        Self(text.map(str::to_owned))
    }
}

impl Effect {
    /// A stable word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Narrower => "narrower",
            Self::Different => "different",
            Self::Wider => "wider",
            Self::Words => "words",
        }
    }
}

impl Subject {
    pub(super) fn route(name: &str) -> Self {
        Self::Route { name: name.into() }
    }

    pub(super) fn model(name: &str) -> Self {
        Self::Model { name: name.into() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallerRule { name } => write!(f, "`callers` rule `{name}`"),
            Self::Route { name } => write!(f, "`{name}`"),
            Self::Model { name } => write!(f, "model `{name}`"),
            Self::Request { key, route, model } => {
                f.write_str(route)?;
                if let Some(model) = model {
                    write!(f, " with model `{model}`")?;
                }
                write!(f, " for key `{key}`")
            }
            Self::List { key } => write!(f, "the list for key `{key}`"),
        }
    }
}
