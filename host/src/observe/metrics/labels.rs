//! Labels whose values are few.

use std::fmt::{self, Write as _};

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use signalbox_swap::{self as swap, Entry, GenerationOverview, Trigger};

/// How something went.
///
/// Exhaustive on purpose: it is a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// Well.
    Ok,
    /// Not at all: what was before stays.
    Error,
}

/// What was read again.
///
/// Exhaustive on purpose: it is a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reloaded {
    /// The keyring.
    Keyring,
    /// A GT key.
    Credential,
    /// The operator's cases.
    Cases,
    /// The authorities that GT's certificates are verified by.
    Authorities,
    /// The certificate for clients.
    Certificate,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Cause {
    pub(super) cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Side {
    pub(super) side: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Direction {
    pub(super) direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SpanLabels {
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Build {
    pub(super) version: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SwapLabels {
    way: &'static str,
    action: &'static str,
    result: &'static str,
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RollbackLabels {
    pub(super) policy: String,
    pub(super) asked: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct JwtLabels {
    pub(super) issuer: String,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct IssuerLabel {
    pub(super) issuer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReloadLabels {
    pub(super) what: Reloaded,
    pub(super) result: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct PolicyLabels {
    policy: String,
    generation: u64,
    digest: String,
}

impl PolicyLabels {
    pub(super) fn of(name: &str, live: &GenerationOverview) -> Self {
        Self {
            policy: name.to_owned(),
            generation: live.generation,
            digest: live.digest.clone(),
        }
    }
}

impl SwapLabels {
    pub(super) fn of(entry: &Entry) -> Self {
        let (result, step) = match &entry.outcome {
            swap::Outcome::Done => ("done", ""),
            swap::Outcome::Passed => ("passed", ""),
            swap::Outcome::Failed(failure) => ("failed", failure.step.word()),
            _ => ("other", ""),
        };
        Self {
            way: way(entry.actor.way),
            action: entry.action.word(),
            result,
            step,
        }
    }
}

impl RollbackLabels {
    pub(super) fn of(entry: &Entry, policy: &str) -> Self {
        let is_automatic = entry.actor.way == Trigger::Automatic;
        Self {
            policy: policy.to_owned(),
            asked: if is_automatic { "no" } else { "yes" },
        }
    }
}

const fn way(way: Trigger) -> &'static str {
    match way {
        Trigger::Admin => "admin",
        Trigger::Automatic => "automatic",
        Trigger::Embedder => "embedder",
        Trigger::File => "file",
        Trigger::Registry => "registry",
        Trigger::Signal => "signal",
        Trigger::Start => "start",
        _ => "other",
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(match self {
            Self::Ok => "ok",
            Self::Error => "error",
        })
    }
}

impl EncodeLabelValue for Reloaded {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(match self {
            Self::Keyring => "keyring",
            Self::Credential => "credential",
            Self::Cases => "cases",
            Self::Authorities => "upstream_ca",
            Self::Certificate => "certificate",
        })
    }
}
