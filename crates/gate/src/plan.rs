//! Plans: what was decided on the facts of a request, kept with all that follows from it for the next
//! request that has the same.
//!
//! A plan is no way around a check. The order of checks is walked for each request; where a check is a
//! function of the facts, what it came to is found here. What is a function of anything else (whether
//! the key may still be used, its limits, the body) no plan has, so it is looked at each time.
//!
//! Plans are kept for policies whose decisions are a function of what they are told: trusted ones, and
//! others whose operator says so. Each worker keeps its own, with the generation
//! ([`Generation::with_kept`]): they go when it goes.

pub(crate) mod facts;
pub(crate) mod hash;
mod notes;
mod plans;
mod size;

use std::sync::{Arc, OnceLock};

use http::HeaderValue;
use signalbox_policy::{Decision, Forward};
use signalbox_runtime::Generation;

pub use notes::PlanNotes;

use crate::auth::credentials::Credential;
use crate::plan::facts::{PlanFacts, Revision};
use crate::plan::hash::PlaceHash;
use crate::plan::plans::Plans;
use crate::policy::told::Told;
use crate::response::rejection::Rejection;
use crate::upstream::request::Destination;

/// What a policy decided, and what follows from it as far as that was asked for.
#[derive(Debug)]
pub(crate) struct Plan {
    told: Told,
    decision: Decision,
    rejection: OnceLock<Arc<Rejection>>,
    destination: OnceLock<Destination>,
    credentials: OnceLock<PlanCredentials>,
    notes: PlanNotes,
}

/// What a request goes out with.
#[derive(Debug)]
pub(crate) struct PlanCredentials {
    pub(crate) first: Credential,
    /// Which other GT key may know the file, if that is what is asked for.
    pub(crate) second: Option<Credential>,
}

impl Plan {
    pub(crate) fn new(told: Told, decision: Decision) -> Self {
        Self {
            told,
            decision,
            rejection: OnceLock::new(),
            destination: OnceLock::new(),
            credentials: OnceLock::new(),
            notes: PlanNotes::default(),
        }
    }

    /// The plan of these facts: one that was kept, or what `decide` makes.
    ///
    /// # Errors
    /// As `decide`. Failures are never kept.
    pub(crate) fn find_or<E>(
        generation: &Generation,
        revision: Revision,
        facts: &PlanFacts<'_>,
        decide: impl FnOnce() -> Result<Self, E>,
    ) -> Result<Arc<Self>, E> {
        let hash = facts.hash();
        if let Some(plan) = Self::find_at(hash, generation, revision, facts) {
            return Ok(plan);
        }
        let plan = Arc::new(decide()?);
        plan.keep_at(hash, generation, revision, facts);
        Ok(plan)
    }

    /// The plan of these facts, if there is one.
    pub(crate) fn find(
        generation: &Generation,
        revision: Revision,
        facts: &PlanFacts<'_>,
    ) -> Option<Arc<Self>> {
        Self::find_at(facts.hash(), generation, revision, facts)
    }

    /// Keeps what was decided elsewhere on these facts.
    pub(crate) fn keep(
        self: &Arc<Self>,
        generation: &Generation,
        revision: Revision,
        facts: &PlanFacts<'_>,
    ) {
        self.keep_at(facts.hash(), generation, revision, facts);
    }

    fn find_at(
        hash: PlaceHash,
        generation: &Generation,
        revision: Revision,
        facts: &PlanFacts<'_>,
    ) -> Option<Arc<Self>> {
        let kept = generation.with_kept(|plans: &mut Plans| plans.get(revision, facts, hash));
        let plan = kept.flatten()?;
        generation.decides_again(&facts.asked.key.caller.id, &plan.decision);
        Some(plan)
    }

    fn keep_at(
        self: &Arc<Self>,
        hash: PlaceHash,
        generation: &Generation,
        revision: Revision,
        facts: &PlanFacts<'_>,
    ) {
        let size = self.size(generation);
        generation.with_kept(|plans: &mut Plans| plans.put(revision, facts, hash, self, size));
    }

    /// What the policy was told of the body.
    pub(crate) const fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) const fn decision(&self) -> &Decision {
        &self.decision
    }

    pub(crate) const fn forward(&self) -> Option<&Forward> {
        match &self.decision {
            Decision::Forward(forward) => Some(forward),
            _ => None,
        }
    }

    pub(crate) const fn notes(&self) -> &PlanNotes {
        &self.notes
    }

    /// What a client is told of a refusal.
    pub(crate) fn rejection(&self, make: impl FnOnce() -> Rejection) -> Arc<Rejection> {
        Arc::clone(self.rejection.get_or_init(|| Arc::new(make())))
    }

    /// Where a request goes.
    ///
    /// # Errors
    /// As `make`. What fails is looked at each time.
    pub(crate) fn destination<E>(
        &self,
        make: impl FnOnce() -> Result<Destination, E>,
    ) -> Result<&Destination, E> {
        get_or_try(&self.destination, make)
    }

    /// What the client is told beside GT's answer, once it is known where the request goes.
    pub(crate) fn notice(&self) -> Option<&HeaderValue> {
        self.destination.get()?.notice.as_ref()
    }

    /// What a request goes out with.
    ///
    /// # Errors
    /// As `make`. What fails is looked at each time.
    pub(crate) fn credentials<E>(
        &self,
        make: impl FnOnce() -> Result<PlanCredentials, E>,
    ) -> Result<&PlanCredentials, E> {
        get_or_try(&self.credentials, make)
    }

    /// Bytes of what was decided, and of what its texts are taken from.
    fn size(&self, generation: &Generation) -> usize {
        let route = self.forward().and_then(|to| generation.route(to.route));
        let listed = route.map_or(0, |route| size::texts(&route.headers));
        self.told.size() + size::of_decision(&self.decision) + listed
    }
}

fn get_or_try<T, E>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    match cell.get() {
        Some(made) => Ok(made),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}
