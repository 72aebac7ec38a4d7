//! Asking the policy.

use std::sync::Arc;

use http::HeaderName;
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::RequestBuf;

use crate::asking::{Asker, Stage};
use crate::exchange::Exchange;
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::plan::facts::PlanFacts;
use crate::policy::body_members::BodyMembers;
use crate::policy::call::{AskError, PolicyCall, ask_inline};
use crate::policy::live_policy::LivePolicy;
use crate::policy::request::PolicyRequest;
use crate::policy::told::Told;
use crate::response::rejection::Rejection;
use crate::upstream::request::ContractViolation;

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
                let told = self.context.facts.told.clone();
                let plan = answer.map(|decision| Arc::new(Plan::new(told, decision)));
                if let Ok(plan) = &plan {
                    self.keep(asker, live, stage, plan)?;
                }
                plan
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
                let (method, path) = (self.head.parts.method.as_str(), &asker.target.path);
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
        let members = stage.members(&self.body, live.table.body_members());
        let known = (stage.model(&self.body)?, &*members);
        self.context.asks(policy, &live.table);
        let since = self.gate.clock().monotonic();
        if !policy.is_inline() {
            if let Some(plan) = self.find(asker, live, known) {
                drop(members);
                self.took(since);
                return Ok(Ok(plan));
            }
            self.context.facts.told = Told::of(known.0, known.1, policy.catalogue());
            let asked = self.policy_request(asker, live.table.headers(), known);
            let request = asked.told(|request| RequestBuf::from(request));
            let call = PolicyCall::new(Arc::clone(policy), request);
            self.asking.pending = Some((stage, since));
            return Err(Need::Policy(call).into());
        }
        let facts = self.plan_facts(asker, live.table.headers(), known);
        let mut told = None;
        let plan = Plan::find_or(policy, self.gate.revision(), &facts, || {
            let told = told.insert(Told::of(known.0, known.1, policy.catalogue()));
            let decision = facts.asked.told(|request| ask_inline(policy, request))?;
            Ok(Plan::new(told.clone(), decision))
        });
        drop(members);
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

    /// What a policy that is asked elsewhere has decided on the same facts before, if that may be kept.
    fn find(
        &self,
        asker: &Asker,
        live: &LivePolicy,
        known: (RequestedModel<'_>, &BodyMembers),
    ) -> Option<Arc<Plan>> {
        let policy = &live.generation;
        if !policy.keeps_decisions() {
            return None;
        }
        let facts = self.plan_facts(asker, live.table.headers(), known);
        Plan::find(policy, self.gate.revision(), &facts)
    }

    /// Keeps what a policy has decided elsewhere, if that may be kept.
    fn keep(
        &self,
        asker: &Asker,
        live: &LivePolicy,
        stage: Stage,
        plan: &Arc<Plan>,
    ) -> Result<(), Halt> {
        let policy = &live.generation;
        if policy.keeps_decisions() {
            let members = stage.members(&self.body, live.table.body_members());
            let known = (stage.model(&self.body)?, &*members);
            let facts = self.plan_facts(asker, live.table.headers(), known);
            plan.keep(policy, self.gate.revision(), &facts);
        }
        Ok(())
    }

    /// The request as policies that want these headers are told of it.
    pub(crate) fn policy_request<'x>(
        &'x self,
        asker: &'x Asker,
        wanted: &'x [HeaderName],
        known: (RequestedModel<'x>, &'x BodyMembers),
    ) -> PolicyRequest<'x> {
        PolicyRequest::new(&asker.key, &self.head, &asker.target, wanted, known)
    }

    /// All of the request that its plan depends on.
    pub(crate) fn plan_facts<'x>(
        &'x self,
        asker: &'x Asker,
        wanted: &'x [HeaderName],
        known: (RequestedModel<'x>, &'x BodyMembers),
    ) -> PlanFacts<'x> {
        PlanFacts {
            asked: self.policy_request(asker, wanted, known),
            in_conversation: self.head.names_conversation(),
        }
    }
}
