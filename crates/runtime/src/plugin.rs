//! A loaded component: checked, compiled, not yet serving.

use std::{fmt, sync::Arc};

use signalbox_policy::{Decision, Description, Request, RouteDescription, RouteIndex};

use wasmtime::component::Component;

use crate::{
    Cached, Catalogue, ContractVersion, DecideError, Digest, Isolation, contract,
    guest::GuestPre,
    instance::Instance,
    interface::Surface,
    limits::{Budget, MemoryLimit},
    ticker::Ticker,
    warm::{Permits, Warm},
};

/// A component that was checked, compiled and asked once. Cheap to clone; holds no instance.
///
/// To be able to go back to a policy, keep its `Plugin`: swapping it in again compiles nothing.
#[derive(Clone)]
pub struct Plugin(Arc<Parts>);

/// What a load found and made.
pub(crate) struct Parts {
    pub(crate) digest: Digest,
    pub(crate) size: usize,
    pub(crate) surface: Surface,
    pub(crate) source: Option<String>,
    pub(crate) cases: Option<Vec<u8>>,
    pub(crate) trusted: bool,
    pub(crate) cached: Option<Cached>,
    pub(crate) isolation: Isolation,
    pub(crate) memory: MemoryLimit,
    pub(crate) ticker: Ticker,
    pub(crate) pre: GuestPre,
    #[expect(
        dead_code,
        reason = "held so that others of this component can share it"
    )]
    pub(crate) code: Arc<Component>,
    /// Threads that may keep an instance of it.
    pub(crate) threads: usize,
    pub(crate) permits: Arc<Permits>,
}

impl Plugin {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// SHA-256 of the component's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What the policy says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.0.surface.description
    }

    /// The names the policy lists.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.surface.catalogue
    }

    /// The described route at a place.
    #[must_use]
    pub fn route(&self, index: RouteIndex) -> Option<&RouteDescription> {
        self.description().route(index)
    }

    /// The version of the contract it is built for.
    #[must_use]
    pub fn contract_version(&self) -> ContractVersion {
        self.0.pre.version()
    }

    /// Whether its code is that of a known engine.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.0.trusted
    }

    /// The component's size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// The document the component carries, if it does. Nothing here says that it was compiled from
    /// it: `signalbox_compiler::document_of` can.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    /// The cases the component carries, as JSON, if it does.
    #[must_use]
    pub fn cases(&self) -> Option<&[u8]> {
        self.0.cases.as_deref()
    }

    /// What the cache had of it when it was loaded; nothing if it was compiled and there is no
    /// cache.
    #[must_use]
    pub fn cached(&self) -> Option<Cached> {
        self.0.cached
    }

    /// Whether it was loaded without being compiled.
    #[must_use]
    pub fn is_from_cache(&self) -> bool {
        matches!(self.0.cached, Some(Cached::Hit | Cached::Shared))
    }

    /// Decides one request on a fresh instance, and blocks while it does.
    ///
    /// # Errors
    /// The guest failed, gave an answer outside the contract, or no instance was to be had.
    pub fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        self.decide_within(self.budget().off_the_request_path(), request)
    }

    /// One instance that decides one request after the other, as where
    /// [`Isolation::Reuse`] is set; for tests of policies, which must not remember.
    #[must_use]
    pub fn reused(&self) -> ReusedInstance {
        ReusedInstance {
            plugin: self.clone(),
            held: None,
        }
    }

    /// As [`Plugin::decide`], for a request that somebody waits for.
    pub(crate) fn decide_now(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        self.decide_within(self.budget(), request)
    }

    /// As [`Plugin::decide`], with the instance that `warm` has kept if there can be one.
    pub(crate) fn decide_warm(
        &self,
        warm: &Warm,
        request: &Request<'_>,
    ) -> Result<Decision, DecideError> {
        let budget = self.budget();
        let ask = |instance: &mut Instance| self.ask(instance, budget, request);
        warm.decide(|| self.start(budget), ask)
            .unwrap_or_else(|| self.decide_now(request))
    }

    /// A place for what is kept between this policy's decisions, if anything may be.
    pub(crate) fn warm(&self) -> Option<Warm> {
        let parts = &self.0;
        let permits = match parts.isolation {
            Isolation::Request => return None,
            // Decisions are kept, and no instance is.
            Isolation::RequestOnce => Permits::new(0),
            Isolation::Reuse => Arc::clone(&parts.permits),
        };
        let is_pure = parts.trusted || parts.isolation == Isolation::RequestOnce;
        Some(Warm::new(parts.threads, permits, is_pure))
    }

    fn decide_within(
        &self,
        budget: Budget,
        request: &Request<'_>,
    ) -> Result<Decision, DecideError> {
        self.ask(&mut self.start(budget)?, budget, request)
    }

    fn start(&self, budget: Budget) -> Result<Instance, DecideError> {
        let parts = &self.0;
        Instance::start(&parts.pre, parts.memory, &parts.ticker, budget)
    }

    fn ask(
        &self,
        instance: &mut Instance,
        budget: Budget,
        request: &Request<'_>,
    ) -> Result<Decision, DecideError> {
        let surface = &self.0.surface;
        let decision = instance.decide(request, &surface.description, budget)?;
        contract::check(&decision, request, surface).map_err(DecideError::Contract)?;
        Ok(decision)
    }

    fn budget(&self) -> Budget {
        if self.0.trusted {
            Budget::TRUSTED
        } else {
            Budget::UNTRUSTED
        }
    }
}

/// An instance that decides one request after the other.
#[derive(Debug)]
pub struct ReusedInstance {
    plugin: Plugin,
    /// None before the first decision, and after an error.
    held: Option<Instance>,
}

impl ReusedInstance {
    /// Decides one request, and blocks while it does. After an error the next gets a fresh instance.
    ///
    /// # Errors
    /// As [`Plugin::decide`].
    pub fn decide(&mut self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let budget = self.plugin.budget().off_the_request_path();
        let mut instance = match self.held.take() {
            Some(instance) => instance,
            None => self.plugin.start(budget)?,
        };
        let decision = self.plugin.ask(&mut instance, budget, request)?;
        self.held = Some(instance);
        Ok(decision)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.description().name)
            .field("digest", &self.0.digest)
            .field("trusted", &self.0.trusted)
            .finish_non_exhaustive()
    }
}
