//! The one runtime of a process.

use std::{io, sync::Arc, time::Duration};

use wasmtime::component::Linker;

use crate::{
    CompileIn, DecisionPool, Detail, LoadError, LoadOptions, Plugin, Settings, Step,
    cache::environment::Environment, code_in_use::CodeInUse, engine, load::Loader, ticker::Ticker,
    warm::Permits,
};

/// Engine, its clock and its settings. One per process; cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Loader>);

impl Runtime {
    /// Starts the engine and its clock.
    ///
    /// # Errors
    /// The machine gives neither the memory nor the thread.
    pub fn new(settings: Settings) -> Result<Self, StartError> {
        let engine = engine::build(&settings)
            .map_err(|error| StartError::Engine(Detail::of_chain(&error)))?;
        let ticker = Ticker::start(&engine).map_err(StartError::Thread)?;
        let linker = Linker::new(&engine);
        let permits = Permits::new(settings.workers * settings.warm_per_worker);
        Ok(Self(Arc::new(Loader {
            settings,
            environment: Environment::of(&engine),
            engine,
            ticker,
            linker,
            permits,
            in_use: CodeInUse::default(),
        })))
    }

    /// Makes a plugin of a component: checks its world and its imports, compiles it, instantiates
    /// it, and asks it once what it is. Takes milliseconds to seconds: keep it off the request
    /// path. What serves is not touched.
    ///
    /// # Errors
    /// The first step that fails, which [`LoadError::step`] names.
    pub fn load(&self, component: &[u8], options: &LoadOptions) -> Result<Plugin, LoadError> {
        self.load_told(component, options, &mut |_, _| {})
    }

    /// As [`Runtime::load`], and tells of each step that passes, as it does: which, and how long
    /// it took. Of a step that fails only the error tells.
    ///
    /// # Errors
    /// As [`Runtime::load`].
    pub fn load_told(
        &self,
        component: &[u8],
        options: &LoadOptions,
        told: &mut dyn FnMut(Step, Duration),
    ) -> Result<Plugin, LoadError> {
        self.0.load(component, options, told)
    }

    /// Ends what is being compiled in a child, and refuses what is yet to be: such loads fail with
    /// [`LoadError::GivenUp`]. What is compiled in this process goes on. For a process that ends.
    pub fn give_up_compiling(&self) {
        if let CompileIn::Child(child) = &self.0.settings.compile {
            child.give_up();
        }
    }

    /// Starts the threads that decide for policies that are not trusted.
    ///
    /// # Errors
    /// The machine does not give the threads.
    pub fn decision_pool(&self) -> Result<DecisionPool, StartError> {
        let settings = &self.0.settings;
        DecisionPool::new(settings.decision_threads, settings.queue).map_err(StartError::Thread)
    }

    /// What the runtime was started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// Why a runtime, or its pool, did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No engine with any allocation the settings allow.
    #[error("the wasm engine did not start: {0}")]
    Engine(Detail),
    /// A thread was not to be had.
    #[error("a thread did not start")]
    Thread(#[source] io::Error),
}
