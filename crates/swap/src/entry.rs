//! What was done, by whom, and how it went: the history.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Access, Step};

/// One line of the history: a transaction, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Its number; higher than that of every earlier one, also over restarts.
    pub number: u64,
    /// When it began.
    pub at: Timestamp,
    /// Who asked for it.
    pub actor: Actor,
    /// What was asked for.
    pub action: Action,
    /// The policies it is about.
    pub policies: Vec<Changed>,
    /// The steps that were done, in their order.
    pub steps: Vec<StepReport>,
    /// How it went.
    pub outcome: Outcome,
    /// For what the host did by itself: on what grounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// Who asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// By which door.
    pub way: Trigger,
    /// Who or what there: a peer's address, a file, a registry reference, a rule.
    pub who: String,
}

/// By which door something was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Trigger {
    /// The admin listener.
    Admin,
    /// The host itself, on evidence.
    Automatic,
    /// The program that embeds the host.
    Embedder,
    /// A watched file.
    File,
    /// An OCI registry.
    Registry,
    /// SIGHUP.
    Signal,
    /// The host's start.
    Start,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// A candidate for a share of the callers.
    Canary,
    /// Checks alone.
    DryRun,
    /// A candidate comes into service.
    Promote,
    /// A digest is forbidden for good.
    Revoke,
    /// An earlier generation serves again.
    Rollback,
    /// A candidate beside the live policy.
    Shadow,
    /// A new component serves.
    Swap,
    /// A candidate goes, without having served everyone.
    Withdraw,
}

/// What a transaction did to one policy, or would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// The name keys use.
    pub name: String,
    /// SHA-256 of the component, in hexadecimal; empty before it was read.
    pub digest: String,
    /// The generation that served before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The generation that serves now, or decides beside the live policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// What the new one allows, beside what the old one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
}

/// One step that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// For which policy, if not for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// What it found, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How a transaction went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// A dry run that found nothing.
    Passed,
    /// A step failed; nothing changed.
    Failed(Failure),
}

/// The step that failed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{step}: {message}")]
#[non_exhaustive]
pub struct Failure {
    /// Which.
    pub step: Step,
    /// For which policy, if not for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Why, with all its causes, on one line.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// On what grounds the host did something by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The rule it followed, for people.
    pub rule: String,
    /// Of a failing program: keys whose requests kept failing where what decides now answers, or
    /// some of them.
    pub callers: Vec<String>,
    /// Requests that failed in the guest.
    pub failures: u64,
    /// Decisions in the same time.
    pub decisions: u64,
    /// The share of failures before, in parts of a million.
    pub failures_before_ppm: u64,
    /// What the failures were: cause to count.
    pub causes: Vec<(String, u64)>,
}

impl Actor {
    /// Somebody at a door.
    #[must_use]
    pub fn new(way: Trigger, who: impl Into<String>) -> Self {
        Self {
            way,
            who: who.into(),
        }
    }
}

impl Action {
    /// A stable word for reports and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::DryRun => "dry-run",
            Self::Promote => "promote",
            Self::Revoke => "revoke",
            Self::Rollback => "rollback",
            Self::Shadow => "shadow",
            Self::Swap => "swap",
            Self::Withdraw => "withdraw",
        }
    }
}

impl Entry {
    /// What was done, or the step that failed.
    ///
    /// # Errors
    /// If a step failed: nothing changed.
    pub fn into_result(self) -> Result<Self, Failure> {
        match self.outcome {
            Outcome::Failed(failure) => Err(failure),
            Outcome::Done | Outcome::Passed => Ok(self),
        }
    }
}

impl Failure {
    /// A step that failed. Line breaks in either text become spaces.
    #[must_use]
    pub fn new(
        step: Step,
        policy: Option<String>,
        message: impl AsRef<str>,
        help: impl AsRef<str>,
    ) -> Self {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            step,
            policy,
            message: line(message.as_ref()),
            help: line(help.as_ref()),
        }
    }
}

impl StepReport {
    /// A step that was done.
    #[must_use]
    pub fn new(step: Step, policy: Option<&str>, took: Duration, note: Option<String>) -> Self {
        Self {
            step,
            policy: policy.map(str::to_owned),
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            note,
        }
    }
}

impl Changed {
    /// A policy that a transaction is about, of which nothing else is known yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            digest: String::new(),
            from: None,
            to: None,
            access: None,
        }
    }
}
