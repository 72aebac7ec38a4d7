//! That a policy fails, and that the host does nothing about it but say so.

use std::collections::BTreeMap;

/// A policy fails, and the host leaves it where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alarm {
    /// The live generation, or the canary.
    pub generation: u64,
    /// Why it is not rolled back, or withdrawn, automatically.
    pub why: String,
    /// What failed of it lately.
    pub failures: Failures,
}

/// What failed of a generation lately.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failures {
    /// Decisions that failed in the guest.
    pub failures: u64,
    /// Decisions in the same time.
    pub decisions: u64,
    /// What the failures were: cause to count.
    pub causes: BTreeMap<&'static str, u64>,
}
