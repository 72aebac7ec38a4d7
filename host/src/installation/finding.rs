//! One thing that is not as it was.

use std::path::{Path, PathBuf};

/// One thing that this version does not load, treats differently, or could not look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What comes of it.
    pub effect: Effect,
    /// A stable word for what is wrong: of a policy the step that fails.
    pub code: &'static str,
    /// What it is about, as the configuration calls it.
    pub what: String,
    /// The file it is in, if it is in one.
    pub file: Option<PathBuf>,
    /// Why; a document's errors one below the other, everything else on one line.
    pub reason: String,
    /// What to do about it, if `reason` does not say so.
    pub help: Option<String>,
}

/// What comes of a finding.
///
/// Exhaustive on purpose: an exit code is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does not load.
    Stops,
    /// It loads, and is not treated as it was.
    Differs,
    /// It cannot be looked at from here.
    Unchecked,
}

impl Finding {
    /// Something about something.
    #[must_use]
    pub fn new(
        effect: Effect,
        code: &'static str,
        what: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            effect,
            code,
            what: what.into(),
            file: None,
            reason: reason.into(),
            help: None,
        }
    }

    /// Something that does not load.
    #[must_use]
    pub fn stops(code: &'static str, what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Effect::Stops, code, what, reason)
    }

    /// The same, in a file.
    #[must_use]
    pub fn of(self, file: Option<&Path>) -> Self {
        Self {
            file: file.map(Path::to_owned),
            ..self
        }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

impl Effect {
    /// A stable word for scripts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Differs => "differs",
            Self::Unchecked => "unchecked",
        }
    }
}
