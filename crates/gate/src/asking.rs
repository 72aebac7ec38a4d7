//! Asking the policy, and what it said.

use std::sync::Arc;
use std::time::Instant;

use http::HeaderName;
use signalbox_http::refusal::Refusal;
use signalbox_policy::gt::CONVERSATION_HEADER;
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{Generation, RequestBuf};

use crate::auth::keyring::Key;
use crate::body::incoming::Body;
use crate::exchange::Exchange;
use crate::facts::Told;
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::plan::facts::PlanFacts;
use crate::policy::call::{AskError, PolicyCall, ask_inline};
use crate::policy::live_policy::LivePolicy;
use crate::policy::request::PolicyRequest;
use crate::request::target::Target;
use crate::response::rejection::Rejection;
use crate::upstream::request::ContractViolation;

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

impl<O: Observer> Exchange<O> {
    /// Asks about the head alone, unless the policy has said already that it wants to know the model.
    /// `None` if it does.
    pub(crate) fn ask_about_head(
        &mut self,
        asker: &Asker,
        live: &LivePolicy,
    ) -> Result<Option<Arc<Plan>>, Halt> {
        if self.asking.wants_model {
            return Ok(None);
        }
        let plan = self.ask(asker, live, Stage::Head)?;
        self.accept(asker, &plan, live)?;
        if let Decision::ReadModel = plan.decision() {
            self.asking.wants_model = true;
            return Ok(None);
        }
        Ok(Some(plan))
    }

    /// Asks about head and model.
    pub(crate) fn ask_about_model(
        &mut self,
        asker: &Asker,
        live: &LivePolicy,
    ) -> Result<Arc<Plan>, Halt> {
        let plan = self.ask(asker, live, Stage::Model)?;
        self.accept(asker, &plan, live)?;
        Ok(plan)
    }

    /// Asks one generation. Its having no answer ends the walk.
    pub(crate) fn ask(
        &mut self,
        asker: &Asker,
        live: &LivePolicy,
        stage: Stage,
    ) -> Result<Arc<Plan>, Halt> {
        let answer = self.asking.answer.take();
        let asked = (live.number(), stage);
        let plan = match answer.filter(|answer| (answer.0, answer.1) == asked) {
            Some((_, _, answer)) => {
                let told = &self.context.facts.told;
                answer.map(|decision| Arc::new(Plan::new(told.clone(), decision)))
            }
            None => self.ask_now(asker, live, stage)?,
        };
        let plan = plan.map_err(Rejection::from)?;
        self.context.follows(&plan);
        Ok(plan)
    }

    /// Whether a plan says anything but no.
    ///
    /// # Errors
    /// What the client is told if not.
    pub(crate) fn accept(
        &self,
        asker: &Asker,
        plan: &Plan,
        live: &LivePolicy,
    ) -> Result<(), Arc<Rejection>> {
        match plan.decision() {
            // A policy that was asked elsewhere may have been answered for.
            Decision::Refuse(refused) if !(400..500).contains(&refused.status) => {
                Err(Arc::new(ContractViolation::Refusal.into()))
            }
            Decision::Refuse(refused) => Err(plan.rejection(|| {
                let (method, path) = (self.head.method.as_str(), &asker.target.path);
                Rejection::of_policy(refused.clone(), method, path, &live.generation)
            })),
            _ => Ok(()),
        }
    }

    fn ask_now(
        &mut self,
        asker: &Asker,
        live: &LivePolicy,
        stage: Stage,
    ) -> Result<Result<Arc<Plan>, AskError>, Halt> {
        let policy = &live.generation;
        let model = stage.model(&self.body)?;
        self.context.asks(policy, &live.table);
        let since = self.gate.clock().monotonic();
        if !policy.is_inline() {
            self.context.facts.told = Told::of(model, policy.catalogue());
            let asked = self.policy_request(asker, live.table.headers(), model);
            let request = asked.told(|request| RequestBuf::from(request));
            let call = PolicyCall::new(Arc::clone(policy), request);
            self.asking.pending = Some((stage, since));
            return Err(Need::Policy(call).into());
        }
        let facts = self.plan_facts(asker, live.table.headers(), model);
        let mut told = None;
        let plan = Plan::find_or(policy, self.gate.revision(), &facts, || {
            let told = told.insert(Told::of(model, policy.catalogue()));
            let decision = facts.asked.told(|request| ask_inline(policy, request))?;
            Ok(Plan::new(told.clone(), decision))
        });
        // A policy that fails was told so as well.
        if let Some(told) = told {
            self.context.facts.told = told;
        }
        self.took(since);
        if let Err(error) = &plan {
            self.report(policy.served(), stage, error);
        }
        Ok(plan)
    }

    /// The request as policies that want these headers are told of it.
    pub(crate) fn policy_request<'x>(
        &'x self,
        asker: &'x Asker,
        wanted: &'x [HeaderName],
        model: RequestedModel<'x>,
    ) -> PolicyRequest<'x> {
        PolicyRequest::new(&asker.key, &self.head, &asker.target, wanted, model)
    }

    /// All of the request that its plan depends on.
    pub(crate) fn plan_facts<'x>(
        &'x self,
        asker: &'x Asker,
        wanted: &'x [HeaderName],
        model: RequestedModel<'x>,
    ) -> PlanFacts<'x> {
        PlanFacts {
            asked: self.policy_request(asker, wanted, model),
            in_conversation: self.head.headers.contains_key(CONVERSATION_HEADER),
        }
    }
}
