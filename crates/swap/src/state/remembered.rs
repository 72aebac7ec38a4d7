//! What a host remembers over a restart.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signalbox_runtime::Digest;

use crate::{Accepted, Entry, RollBack, digest_text};

/// What a host remembers over a restart.
///
/// Unknown fields are refused: a version that does not know one must not forget it in silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The highest number a generation had.
    pub last_generation: u64,
    /// The highest number an entry of the history had.
    pub last_entry: u64,
    /// By the name keys use.
    pub policies: BTreeMap<String, RememberedPolicy>,
    /// What may never serve again.
    #[serde(with = "digest_text::set")]
    pub revoked: BTreeSet<Digest>,
    /// What was done, in any order; newest first when read.
    pub history: Vec<Entry>,
}

/// What a host remembers of one policy name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RememberedPolicy {
    /// What served last; `None` if nothing may.
    pub live: Option<RememberedGeneration>,
    /// Digest of the source that was last taken, whatever became of it since: a restart compares.
    #[serde(with = "digest_text::option")]
    pub source: Option<Digest>,
    /// The newest signed statement that was accepted: none with a lower serial is.
    pub accepted: Option<Accepted>,
    /// Whether what serves may be undone without anyone asking.
    pub roll_back: RollBack,
    /// What can be gone back to, newest first.
    pub kept: Vec<RememberedGeneration>,
}

/// A generation that served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RememberedGeneration {
    /// The component's digest: the name of its object.
    #[serde(with = "digest_text")]
    pub digest: Digest,
    /// The number it served under.
    pub generation: u64,
    /// Since when it served.
    pub since: Timestamp,
    /// Whether it was made from the policy's source, and did not come by another way.
    pub from_source: bool,
}

impl Remembered {
    /// Entries of the history that are kept.
    pub const HISTORY: usize = 256;

    /// The same with the newest entries of its history alone, newest first.
    pub(super) fn bounded(&self) -> Self {
        let mut bounded = self.clone();
        bounded
            .history
            .sort_by_key(|entry| std::cmp::Reverse(entry.number));
        bounded.history.truncate(Self::HISTORY);
        bounded
    }
}
