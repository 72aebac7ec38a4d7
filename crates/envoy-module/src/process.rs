//! What all filters of the process share: the one wasm runtime, the threads that decide for policies
//! that are not trusted, and the clock.

use std::sync::{Arc, Mutex, PoisonError};

use signalbox_runtime::{Cache, DecisionPool, Runtime};
use signalbox_swap::State;

use crate::abi::concurrency;
use crate::deadlines::Deadlines;
use crate::error::ConfigError;
use crate::settings::Decisions;

/// What all filters of the process share. It lives as long as the process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) runtime: Runtime,
    pub(crate) pool: DecisionPool,
    pub(crate) deadlines: Deadlines,
    decisions: Decisions,
}

static PROCESS: Mutex<Option<Arc<Process>>> = Mutex::new(None);

impl Process {
    /// The one there is, or the first.
    ///
    /// # Errors
    /// If it does not start, or was started with other settings.
    pub(crate) fn get(
        decisions: &Decisions,
        state: Option<&State>,
    ) -> Result<Arc<Self>, ConfigError> {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = &*process {
            return match process.decisions == *decisions {
                true => Ok(Arc::clone(process)),
                false => Err(ConfigError::Decisions),
            };
        }
        let started = Arc::new(Self::start(decisions, state)?);
        *process = Some(Arc::clone(&started));
        Ok(started)
    }

    fn start(decisions: &Decisions, state: Option<&State>) -> Result<Self, ConfigError> {
        let unset = signalbox_runtime::Settings::default();
        let threads = decisions.threads.map(|threads| usize::from(threads.get()));
        let runtime = Runtime::new(signalbox_runtime::Settings {
            // Envoy's main thread asks too: it tries what it loads.
            workers: concurrency() + 1,
            decision_threads: threads.unwrap_or(unset.decision_threads),
            queue: usize::from(decisions.queue.get()),
            memory_cap: decisions.memory.bytes(),
            plugin_memory: unset.plugin_memory.min(decisions.memory.bytes()),
            // Envoy has handlers of its own, which say where it crashed.
            signals_based_traps: false,
            // With the state of the first filter that has one.
            cache: state.and_then(|state| Cache::open(&state.cache_folder()).ok()),
            ..unset
        })?;
        Ok(Self {
            pool: runtime.decision_pool()?,
            runtime,
            deadlines: Deadlines::start().map_err(ConfigError::Thread)?,
            decisions: decisions.clone(),
        })
    }
}
