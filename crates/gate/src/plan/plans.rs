//! The plans one worker keeps of one generation.
//!
//! A plan is kept when its facts come twice with no other new ones at its place between: what never
//! comes again costs a hash, and no memory.

use std::mem;
use std::sync::Arc;

use crate::plan::Plan;
use crate::plan::facts::{KeptFacts, PlanFacts, Revision};
use crate::plan::hash::PlaceHash;

/// The plans one worker keeps of one generation, all of one revision.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    revision: Revision,
    /// Empty until there is the first.
    places: Vec<Place>,
}

#[derive(Debug, Default)]
struct Place {
    /// The hash of the last facts that had no plan here.
    missed: u64,
    kept: Option<Box<(KeptFacts, Arc<Plan>)>>,
}

impl Plans {
    /// The plan these facts had before, under this revision. Those of another are dropped.
    pub(crate) fn get(
        &mut self,
        revision: Revision,
        facts: &PlanFacts<'_>,
        hash: PlaceHash,
    ) -> Option<Arc<Plan>> {
        self.turn_to(revision);
        let (kept, plan) = &**self.places.get(hash.place(PLACES))?.kept.as_ref()?;
        kept.are(facts, hash).then(|| Arc::clone(plan))
    }

    /// Keeps a plan that is no larger than it may be, if its facts come again.
    pub(crate) fn put(
        &mut self,
        revision: Revision,
        facts: &PlanFacts<'_>,
        hash: PlaceHash,
        plan: &Arc<Plan>,
        plan_size: usize,
    ) {
        self.turn_to(revision);
        if self.places.is_empty() {
            self.places.resize_with(PLACES, Place::default);
        }
        let Some(place) = self.places.get_mut(hash.place(PLACES)) else {
            return;
        };
        let is_second = mem::replace(&mut place.missed, hash.bits()) == hash.bits();
        if is_second && facts.size() + plan_size <= LARGEST {
            place.kept = Some(Box::new((KeptFacts::new(facts, hash), Arc::clone(plan))));
        }
    }

    fn turn_to(&mut self, revision: Revision) {
        if mem::replace(&mut self.revision, revision) != revision {
            self.places.clear();
        }
    }
}

/// Plans a worker keeps of a generation: with what is prepared some 3 MiB at most, mostly a tenth of
/// that.
const PLACES: usize = 256;
/// What facts, decision and route may take in bytes to be kept. What is prepared is made of the same
/// texts.
pub(super) const LARGEST: usize = 4 << 10;

#[cfg(test)]
mod tests;
