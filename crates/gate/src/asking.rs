//! Who asks, what was asked of policies, and what they said.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use signalbox_http::json::MemberNames;
use signalbox_http::refusal::Refusal;
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::Generation;

use crate::auth::keyring::Key;
use crate::body::incoming::Body;
use crate::plan::Plan;
use crate::policy::body_members::BodyMembers;
use crate::policy::call::AskError;
use crate::request::target::Target;

/// Who asks, and for what: known once the head has passed.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) key: Arc<Key>,
    pub(crate) target: Arc<Target>,
}

/// What was asked of policies, and what they said. All of it is about one generation, by its number:
/// nothing is decided by two.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    /// Which generation is asked, by its number: all else here is about it.
    pub(crate) generation: Option<u64>,
    /// An answer that a door has brought: of which generation, and to what.
    pub(crate) answer: Option<(u64, Stage, Result<Decision, AskError>)>,
    /// What the door was told to ask, and when.
    pub(crate) pending: Option<(Stage, Instant)>,
    /// Whether it wants to know the model.
    pub(crate) wants_model: bool,
    /// Whether it is asked about head and model at once.
    pub(crate) at_once: bool,
    /// What it said to that, if it was no.
    pub(crate) late: Option<Arc<Plan>>,
}

/// What a policy decided, and which.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) generation: Arc<Generation>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) stage: Stage,
}

/// On what a decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Head,
    Model,
}

impl Asking {
    /// Turns to a generation: what was found out of another counts for nothing.
    pub(crate) fn turn_to(&mut self, generation: u64) {
        if self.generation != Some(generation) {
            let answer = self.answer.take();
            *self = Self {
                generation: Some(generation),
                answer: answer.filter(|answer| answer.0 == generation),
                ..Self::default()
            };
        }
    }
}

impl Stage {
    /// What a policy that asks for these members is told of them.
    pub(crate) fn members<'b>(self, body: &'b Body, names: &MemberNames) -> Cow<'b, BodyMembers> {
        match self {
            Self::Head => Cow::Borrowed(&[]),
            Self::Model => body.members(names),
        }
    }

    /// What a policy is told of the model.
    ///
    /// # Errors
    /// If the body is not what the route takes.
    pub(crate) fn model(self, body: &Body) -> Result<RequestedModel<'_>, Refusal> {
        match self {
            Self::Head => Ok(RequestedModel::Unread),
            Self::Model => body.requested(),
        }
    }
}
