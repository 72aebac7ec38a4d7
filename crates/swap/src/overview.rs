//! What serves, what decides beside it, what can be gone back to, and what still drains.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How one policy name stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PolicyOverview {
    /// The name keys use.
    pub name: String,
    /// What serves; `None` if nothing does.
    pub live: Option<GenerationOverview>,
    /// What decides beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<BesideOverview>,
    /// What can be gone back to without loading anything, newest first.
    pub kept: Vec<Kept>,
    /// Earlier generations that still have answers open, or are not freed.
    pub draining: Vec<Draining>,
    /// Whether the host would go back by itself.
    pub roll_back: RollBackOverview,
}

/// A generation and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GenerationOverview {
    /// Its number.
    pub generation: u64,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What the policy calls itself.
    pub policy: String,
    /// The version the policy gives itself.
    pub version: String,
    /// Since when it serves, or decides beside the live policy.
    pub since: Timestamp,
    /// Bytes of the component.
    pub size: usize,
    /// Whether it is a known engine with tables.
    pub trusted: bool,
    /// How many routes it describes.
    pub routes: usize,
    /// How many names its catalogue has.
    pub models: usize,
    /// Decisions asked of it.
    pub decisions: u64,
    /// Those in which the guest failed.
    pub failures: u64,
    /// Answers under way that it decided.
    pub open: u64,
}

/// What decides beside the live policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BesideOverview {
    /// In what role.
    pub role: Role,
    /// What it is.
    pub candidate: GenerationOverview,
    /// Of a shadow: requests it was asked about.
    pub compared: u64,
    /// Of a shadow: requests it was not asked about, for want of time.
    pub skipped: u64,
    /// Of a shadow: where it differs, by route and kind.
    pub differences: Vec<Difference>,
    /// Of a shadow: some of the requests on which it differs, the newest first.
    pub samples: Vec<Sample>,
    /// Of a shadow: it comes into service after this many requests without a difference that is
    /// not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<u64>,
    /// Of a shadow: requests since the last difference that is not accepted.
    pub clean: u64,
}

/// In what role a candidate decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "as")]
pub enum Role {
    /// It is asked about every request; its decisions are only compared.
    Shadow,
    /// Its decisions count for a share of the callers.
    Canary {
        /// Of ten thousand.
        share: u16,
    },
}

/// How often a shadow differs from what serves, in one way on one route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Difference {
    /// The route of what serves, as `METHOD template`; empty if it knows none.
    pub route: String,
    /// In which way.
    pub kind: DifferenceKind,
    /// How often.
    pub count: u64,
    /// Whether the operator expects it.
    pub accepted: bool,
}

/// In which way two decisions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// What serves refuses, the candidate does not.
    Wider,
    /// The candidate refuses, what serves does not.
    Narrower,
    /// Both forward, to another route, with other parameters or another query.
    Route,
    /// Both forward, with another published name.
    Model,
    /// Both forward, restamped otherwise.
    Restamp,
    /// Both forward, with another notice for the client.
    Notice,
    /// Both forward, with other headers.
    Headers,
    /// Both refuse, with another code or status.
    Code,
    /// Both refuse alike, in other words.
    Message,
    /// Both list, other names.
    List,
    /// The candidate's guest failed.
    CandidateFailed,
    /// Only the guest of what serves failed.
    LiveFailed,
}

/// One request on which a shadow differs. No secrets, no bodies, no header values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// In which way.
    pub kind: DifferenceKind,
    /// Whose request.
    pub caller: String,
    /// `METHOD path`
    pub request: String,
    /// The model it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What serves decided.
    pub live: String,
    /// What the candidate decided.
    pub candidate: String,
}

/// A generation that can be gone back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Kept {
    /// Its number when it served.
    pub generation: u64,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What the policy calls itself.
    pub policy: String,
    /// The version the policy gives itself.
    pub version: String,
    /// When it stopped serving.
    pub until: Timestamp,
}

/// A generation that served and is not quite gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Draining {
    /// Its number.
    pub generation: u64,
    /// When it stopped serving.
    pub until: Timestamp,
    /// Answers under way that it decided.
    pub open: u64,
    /// Whether its instances are gone; its code is kept only if it can be gone back to.
    pub freed: bool,
    /// Whether its open answers are being cut.
    pub cut: bool,
}

/// Whether the host would go back by itself, and why or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RollBackOverview {
    /// Whether it would.
    pub automatic: bool,
    /// Why, for people.
    pub why: String,
    /// To which generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// What a policy allows, beside what another one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "access", content = "because")]
#[non_exhaustive]
pub enum Access {
    /// Nothing that was allowed is refused now.
    NotNarrower,
    /// Something is refused that was allowed: what.
    Narrower(String),
    /// It cannot be told: why.
    Unknown(String),
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNarrower => f.write_str("nothing is refused that was allowed"),
            Self::Narrower(what) => write!(f, "narrower: {what}"),
            Self::Unknown(why) => write!(f, "cannot be told: {why}"),
        }
    }
}

impl DifferenceKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Wider,
        Self::Narrower,
        Self::Route,
        Self::Model,
        Self::Restamp,
        Self::Notice,
        Self::Headers,
        Self::Code,
        Self::Message,
        Self::List,
        Self::CandidateFailed,
        Self::LiveFailed,
    ];

    /// A stable word for reports, metrics and `accept`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Narrower => "narrower",
            Self::Route => "route",
            Self::Model => "model",
            Self::Restamp => "restamp",
            Self::Notice => "notice",
            Self::Headers => "headers",
            Self::Code => "code",
            Self::Message => "message",
            Self::List => "list",
            Self::CandidateFailed => "candidate_failed",
            Self::LiveFailed => "live_failed",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}
