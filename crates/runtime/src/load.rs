//! From bytes to a plugin: every step, in order.

mod describe;
mod error;
mod file;
mod models;
mod smoke_test;
mod steps;
mod surface;

pub use self::error::{
    CatalogueFault, DescriptionFault, LoadError, RouteFault, SectionFault, Step,
};
pub use self::file::ComponentNames;

use std::{sync::Arc, time::Duration};

use wasmtime::{
    Engine,
    component::{Component, Linker},
};

use self::{file::File, steps::Steps};
use crate::{
    Cache, Cached, CompileIn, Detail, Digest, Isolation, LoadOptions, Plugin, Settings,
    cache::environment::Environment,
    code_in_use::CodeInUse,
    compile,
    guest::GuestPre,
    instance::Instance,
    interface::Surface,
    limits::{Bounds, Budget, MemoryLimit},
    plugin::Parts,
    ticker::Ticker,
    trust,
    version::ContractVersion,
    warm::Permits,
};

/// What every load needs.
pub(crate) struct Loader {
    pub(crate) settings: Settings,
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) environment: Environment,
    /// Empty: a policy imports nothing that can act.
    pub(crate) linker: Linker<Bounds>,
    pub(crate) permits: Arc<Permits>,
    pub(crate) in_use: CodeInUse,
}

impl Loader {
    /// Loads a component, and tells of each step that passes. See [`Step`] for the steps.
    pub(crate) fn load(
        &self,
        component: &[u8],
        options: &LoadOptions,
        told: &mut dyn FnMut(Step, Duration),
    ) -> Result<Plugin, LoadError> {
        let mut steps = Steps::new(told);
        let file = File::read(component, self.settings.component_cap)?;
        let trusted = self.is_trusted(component);
        let digest = Digest::of(component);
        steps.passed(Step::Read);
        file.check_imports()?;
        file.check_composition()?;
        steps.passed(Step::Imports);
        let version = file.contract_version()?;
        steps.passed(Step::World);
        let memory = self.memory_limit(&file, trusted)?;
        let (code, cached) = self.code(digest, || {
            file.functions.check().map_err(LoadError::Bound)?;
            self.compile(component, trusted)
        })?;
        steps.passed(Step::Compile);
        let pre = self.link(&code, version)?;
        let surface = ask(&pre, memory, &self.ticker, &mut steps)?;
        let settings = &self.settings;
        let plugin = Plugin::new(Parts {
            digest,
            size: component.len(),
            surface,
            source: file.source.map(str::to_owned),
            cases: file.cases.map(<[u8]>::to_vec),
            trusted,
            cached,
            isolation: if trusted {
                Isolation::Reuse
            } else {
                options.isolation
            },
            memory,
            ticker: self.ticker.clone(),
            pre,
            code: Arc::clone(&code),
            // Instances are with those who decide, and decisions with those who ask.
            threads: if trusted || options.isolation == Isolation::RequestOnce {
                settings.workers
            } else {
                settings.decision_threads
            },
            permits: Arc::clone(&self.permits),
        });
        smoke_test::run(&plugin).map_err(LoadError::Trial)?;
        steps.passed(Step::Trial);
        // Only now: what fails a step is not to push out what serves.
        if let Some(cache) = &settings.cache
            && !plugin.is_from_cache()
        {
            cache.keep(self.environment, digest, &code);
        }
        Ok(plugin)
    }

    fn is_trusted(&self, component: &[u8]) -> bool {
        trust::fingerprint(component).is_ok_and(|found| {
            trust::known_engines().any(|known| known == found)
                || self.settings.engines.contains(&found)
        })
    }

    fn memory_limit(&self, file: &File<'_>, trusted: bool) -> Result<MemoryLimit, LoadError> {
        let cap = self.settings.memory_cap;
        let limit = if trusted {
            MemoryLimit::trusted(file.memory, cap)
        } else {
            MemoryLimit(self.settings.plugin_memory.min(cap))
        };
        if file.memory > limit.0 {
            return Err(LoadError::Memory {
                declared: file.memory,
                limit: limit.0,
            });
        }
        Ok(limit)
    }

    /// Machine code: what is in use already, that of the cache, or fresh. Which of them it is
    /// changes no later step.
    fn code(
        &self,
        digest: Digest,
        compile: impl FnOnce() -> Result<Component, LoadError>,
    ) -> Result<(Arc<Component>, Option<Cached>), LoadError> {
        if let Some(code) = self.in_use.get(digest) {
            return Ok((code, Some(Cached::Shared)));
        }
        let find = |cache: &Cache| cache.find(&self.engine, self.environment, digest);
        let (found, cached) = self.settings.cache.as_ref().map(find).unzip();
        let code = match found.flatten() {
            Some(code) => code,
            None => compile()?,
        };
        let code = Arc::new(code);
        self.in_use.note(digest, &code);
        Ok((code, cached))
    }

    /// A known engine's code is bounded: only its tables differ from one component to the next.
    fn compile(&self, component: &[u8], trusted: bool) -> Result<Component, LoadError> {
        match &self.settings.compile {
            CompileIn::Child(child) if !trusted => compile::in_child(
                child,
                (&self.engine, self.environment),
                self.settings.memory_cap,
                component,
            ),
            _ => compile::here(&self.engine, component),
        }
    }

    fn link(&self, compiled: &Component, version: ContractVersion) -> Result<GuestPre, LoadError> {
        let types = |error: wasmtime::Error| LoadError::Types(Detail::of_chain(&error));
        let pre = self.linker.instantiate_pre(compiled).map_err(types)?;
        GuestPre::new(pre, version).map_err(types)
    }
}

/// Starts the component once and asks it what it is.
fn ask(
    pre: &GuestPre,
    memory: MemoryLimit,
    ticker: &Ticker,
    steps: &mut Steps<'_>,
) -> Result<Surface, LoadError> {
    // wasmtime compares types only when it instantiates: nothing before this line knows them.
    let started = Instance::start(pre, memory, ticker, Budget::LOAD);
    let mut instance = started.map_err(start_failed)?;
    steps.passed(Step::Instantiate);
    let description = instance
        .describe(Budget::DESCRIBE)
        .map_err(LoadError::Describe)?;
    describe::check(&description).map_err(LoadError::Description)?;
    steps.passed(Step::Describe);
    let catalogue = models::drain(&mut instance, &description)?;
    steps.passed(Step::Models);
    Ok(Surface {
        description,
        catalogue,
    })
}

/// What is no failure of the guest's and not for want of room is a matter of types.
fn start_failed(error: crate::DecideError) -> LoadError {
    match error {
        crate::DecideError::Start(detail) => LoadError::Types(detail),
        other => LoadError::Start(other),
    }
}
