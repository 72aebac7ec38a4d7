//! A plugin that serves, under a name and a number.

use std::{any::Any, sync::Arc};

use signalbox_policy::{Decision, Description, Request, RouteDescription, RouteIndex};

use crate::{
    Catalogue, DecideError, Digest, GenerationStats, Plugin, generation_stats::LivenessGuard,
    warm::Warm,
};

/// One loaded policy in service. Whoever holds it can go on deciding with it after a swap; its
/// warm instances, and its code if no [`Plugin`] of it is kept, go when the last holder drops it.
#[derive(Debug)]
pub struct Generation {
    plugin: Plugin,
    warm: Option<Warm>,
    /// The last field: it is dropped after the others.
    life: LivenessGuard,
}

impl Generation {
    pub(crate) fn new(number: u64, name: String, plugin: Plugin) -> Self {
        let served = GenerationStats::new(number, name, plugin.digest());
        Self {
            warm: plugin.warm(),
            plugin,
            life: LivenessGuard(Arc::new(served)),
        }
    }

    /// Its number: unique within its slot, and higher than that of every earlier one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.served().number()
    }

    /// The name it serves under, which the policy's own need not be.
    #[must_use]
    pub fn name(&self) -> &str {
        self.served().name()
    }

    /// What is known of it even when it is gone. An answer holds this instead of the generation:
    /// it pins neither code nor instances.
    #[must_use]
    pub const fn served(&self) -> &Arc<GenerationStats> {
        &self.life.0
    }

    /// What serves. A clone of it can serve again.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// What the policy says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        self.plugin.description()
    }

    /// The names the policy lists.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        self.plugin.catalogue()
    }

    /// The described route at a place.
    #[must_use]
    pub fn route(&self, index: RouteIndex) -> Option<&RouteDescription> {
        self.plugin.route(index)
    }

    /// SHA-256 of the component's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.plugin.digest()
    }

    /// Whether a worker may decide by itself, in microseconds. What is not inline belongs on the
    /// [`crate::DecisionPool`].
    #[must_use]
    pub fn is_inline(&self) -> bool {
        self.plugin.is_trusted()
    }

    /// Decides one request, on this thread's warm instance if the policy may have one and on a
    /// fresh instance otherwise. After any error that instance is gone.
    ///
    /// # Errors
    /// The guest failed, gave an answer outside the contract, or no instance was to be had.
    pub fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let outcome = match &self.warm {
            Some(warm) => self.plugin.decide_warm(warm, request),
            None => self.plugin.decide_now(request),
        };
        self.served().count(&request.caller.id, outcome.as_ref());
        outcome
    }

    /// Whether decisions may be kept with the generation: the policy is a function of what it is told.
    #[must_use]
    pub fn keeps_decisions(&self) -> bool {
        self.warm.as_ref().is_some_and(Warm::is_pure)
    }

    /// Looks at what this thread keeps with the generation, of one type, and drops with it. What is
    /// kept of decisions is true for as long. `None` where none may be kept
    /// ([`Generation::keeps_decisions`]), or another thread looks.
    pub fn with_kept<T: Any + Default + Send, R>(
        &self,
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        self.warm.as_ref()?.with_kept(look)
    }

    /// Counts a decision that was kept, as if the policy had been asked.
    pub fn decides_again(&self, caller: &str, decision: &Decision) {
        self.served().count(caller, Ok(decision));
    }
}
