//! What somebody asks for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use signalbox_runtime::{Digest, TrafficShare};

use crate::{Action, Actor, DifferenceKind};

/// One transaction: all of its candidates come into service, in one store, or none.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is to serve, by policy name; no name twice.
    pub candidates: Vec<Candidate>,
    /// What becomes of what passes.
    pub mode: Mode,
    /// Whether it may be undone without anyone asking.
    pub roll_back: RollBack,
    /// What becomes of the answers that began before.
    pub open_answers: OpenAnswers,
    /// Who asks.
    pub actor: Actor,
}

/// A component that is to serve.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The policy name that keys use.
    pub name: String,
    /// The component.
    pub component: Vec<u8>,
    /// What its digest has to be, if whoever sent it said so.
    pub digest: Option<Digest>,
    /// A signed statement about it: a DSSE envelope, as JSON.
    pub statement: Option<Vec<u8>>,
    /// Digest of the source it was made from, if that is what a restart compares.
    pub source: Option<Digest>,
    /// The sender's own cases, as JSON, run after those it carries and those of the operator.
    pub cases: Option<Vec<u8>>,
}

impl Candidate {
    /// A component as it is: without a statement, and with no cases but its own.
    #[must_use]
    pub fn new(name: impl Into<String>, component: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            component,
            digest: None,
            statement: None,
            source: None,
            cases: None,
        }
    }
}

impl Order {
    /// One policy put into service, with nothing said about what else may happen.
    #[must_use]
    pub fn serve(candidate: Candidate, actor: Actor) -> Self {
        Self {
            candidates: vec![candidate],
            mode: Mode::default(),
            roll_back: RollBack::default(),
            open_answers: OpenAnswers::default(),
            actor,
        }
    }
}

/// What becomes of a candidate that passed every check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It serves.
    #[default]
    Serve,
    /// Nothing: it was only looked at.
    DryRun,
    /// It decides every request beside the live policy; its decisions are compared and thrown away.
    Shadow(ShadowOrder),
    /// It decides the requests of a share of the callers.
    Canary(TrafficShare),
}

/// When a shadow is promoted automatically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowOrder {
    /// After this many requests without a difference that is not accepted; `None` waits for
    /// somebody to promote it.
    pub promote_after: Option<u64>,
    /// The differences that are meant.
    pub accept: Vec<Accept>,
}

/// Differences an operator expects: of one kind, on one route or on all.
///
/// Written `KIND` or `METHOD /v1/template:KIND`; `*` stands for every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// `METHOD template`; `None` means every route.
    pub route: Option<String>,
    /// `None` means every kind.
    pub kind: Option<DifferenceKind>,
}

/// Whether a swap may be undone without anyone asking, because the guest fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollBack {
    /// If the comparison with what served before finds nothing that is allowed no longer.
    #[default]
    UnlessNarrower,
    /// Never: the swap is pinned.
    Pinned,
    /// Also where the comparison cannot tell: whoever asks says that access is not narrowed.
    Vouched,
}

/// What becomes of answers that began before a swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenAnswers {
    /// They end by themselves.
    #[default]
    Keep,
    /// They are cut within seconds.
    Cut,
}

impl Mode {
    /// What a transaction in this mode is called.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Serve => Action::Swap,
            Self::DryRun => Action::DryRun,
            Self::Shadow(_) => Action::Shadow,
            Self::Canary(_) => Action::Canary,
        }
    }
}

impl Accept {
    /// Whether a difference is one of these.
    #[must_use]
    pub fn covers(&self, route: &str, kind: DifferenceKind) -> bool {
        self.route.as_deref().is_none_or(|wanted| wanted == route)
            && self.kind.is_none_or(|wanted| wanted == kind)
    }
}

impl FromStr for Accept {
    type Err = BadAccept;

    fn from_str(text: &str) -> Result<Self, BadAccept> {
        let (route, kind) = match text.rsplit_once(':') {
            Some((route, kind)) => (Some(route), kind),
            None => (None, text),
        };
        let kind = match kind {
            "*" => None,
            word => Some(DifferenceKind::from_word(word).ok_or(BadAccept)?),
        };
        match route {
            Some(route) if !route.contains(" /") => Err(BadAccept),
            route => Ok(Self {
                route: route.map(str::to_owned),
                kind,
            }),
        }
    }
}

/// The text names no kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `*`, `METHOD /v1/route:KIND`, or a kind: wider, narrower, route, model, restamp, \
     notice, headers, code, message, list, candidate_failed or live_failed"
)]
pub struct BadAccept;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_misspells_a_kind_is_told_every_one() {
        let told = "widr".parse::<Accept>().unwrap_err().to_string();
        for kind in DifferenceKind::ALL {
            assert!(told.contains(kind.word()), "{told} lacks {}", kind.word());
            assert!(kind.word().parse::<Accept>().is_ok());
        }
    }
}
