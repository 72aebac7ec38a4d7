//! The steps of a swap, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of a swap, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Step {
    /// The whole component is here, and there is a policy of that name to change.
    Receive,
    /// Its SHA-256 is the one that was announced, and is not revoked.
    Digest,
    /// Somebody who may vouches for it, and for nothing newer.
    Signature,
    /// Size, form, custom sections.
    Read,
    /// Nothing is imported that can act.
    Imports,
    /// The contract is exported, in a version this host speaks.
    World,
    /// Machine code is made, or taken from the cache.
    Compile,
    /// A first instance starts under its limits, with the contract's types.
    Instantiate,
    /// `describe`, and the checks on its answer.
    Describe,
    /// `models`, page by page, and the checks on the catalogue.
    Models,
    /// A first decision.
    Trial,
    /// The cases it carries, and the operator's own.
    Cases,
    /// What it allows is compared with what is live now.
    Access,
    /// It is written to the state folder, whole.
    Keep,
    /// One atomic store: from here on it serves, or decides beside the live policy.
    Store,
    /// What served before has no decision under way; its open answers are counted.
    Drain,
    /// Its failures are watched.
    Watch,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Self; 17] = [
        Self::Receive,
        Self::Digest,
        Self::Signature,
        Self::Read,
        Self::Imports,
        Self::World,
        Self::Compile,
        Self::Instantiate,
        Self::Describe,
        Self::Models,
        Self::Trial,
        Self::Cases,
        Self::Access,
        Self::Keep,
        Self::Store,
        Self::Drain,
        Self::Watch,
    ];

    /// A stable word for reports and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Read => "read",
            Self::Imports => "imports",
            Self::World => "world",
            Self::Compile => "compile",
            Self::Instantiate => "instantiate",
            Self::Describe => "describe",
            Self::Models => "models",
            Self::Trial => "trial",
            Self::Cases => "cases",
            Self::Access => "access",
            Self::Keep => "keep",
            Self::Store => "store",
            Self::Drain => "drain",
            Self::Watch => "watch",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl From<signalbox_runtime::Step> for Step {
    fn from(step: signalbox_runtime::Step) -> Self {
        use signalbox_runtime::Step as Load;
        match step {
            Load::Read => Self::Read,
            Load::Imports => Self::Imports,
            Load::World => Self::World,
            Load::Compile => Self::Compile,
            Load::Instantiate => Self::Instantiate,
            Load::Describe => Self::Describe,
            Load::Models => Self::Models,
            // Whatever a later runtime adds comes after these.
            _ => Self::Trial,
        }
    }
}
