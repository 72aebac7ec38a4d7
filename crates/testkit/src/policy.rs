//! What decides: a component in the runtime that serves, or native logic that is held to the same contract.

use std::sync::{Mutex, OnceLock, PoisonError};

use signalbox_cases::{CasesError, Decider, carried_cases};
use signalbox_policy::{Caller, Case, CatalogueEntry, Decision, Description, Names, Request};
use signalbox_runtime::{
    Allocation, DecideError, LoadError, LoadOptions, Plugin, ReusedInstance, Runtime, Settings,
    Surface,
};

/// A component, loaded as a host loads it.
#[derive(Debug)]
pub struct Component {
    plugin: Plugin,
    reused: Mutex<ReusedInstance>,
}

/// Why a component cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum NotLoaded {
    /// A host would not take it; [`LoadError::step`] names the step.
    #[error("the component does not load: {0}")]
    Load(#[from] LoadError),
    /// This machine runs no policies.
    #[error("this machine runs no policies: {0}")]
    Runtime(String),
}

impl Component {
    /// Loads a component in this process's own runtime for tests.
    ///
    /// # Errors
    /// A host would not take it.
    pub fn load(component: &[u8]) -> Result<Self, NotLoaded> {
        static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
        let start = || {
            let settings = Settings {
                workers: 1,
                decision_threads: 1,
                allocation: Allocation::OnDemand,
                ..Settings::default()
            };
            Runtime::new(settings).map_err(|error| error.to_string())
        };
        let runtime = RUNTIME.get_or_init(start);
        let runtime = runtime
            .as_ref()
            .map_err(|why| NotLoaded::Runtime(why.clone()))?;
        Ok(Self::of(runtime.load(component, &LoadOptions::default())?))
    }

    /// What was loaded elsewhere.
    #[must_use]
    pub fn of(plugin: Plugin) -> Self {
        let reused = Mutex::new(plugin.reused());
        Self { plugin, reused }
    }

    /// What was loaded.
    #[must_use]
    pub const fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// The cases it carries; none if it carries no section.
    ///
    /// # Errors
    /// The section is not a list of cases.
    pub fn cases(&self) -> Result<Vec<Case>, CasesError> {
        carried_cases(&self.plugin)
    }
}

impl Decider for Component {
    fn description(&self) -> &Description {
        self.plugin.description()
    }

    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.plugin.catalogue().iter()
    }

    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        self.plugin.decide(request)
    }

    fn decide_reused(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let mut reused = self.reused.lock().unwrap_or_else(PoisonError::into_inner);
        reused.decide(request)
    }
}

/// Native logic behind the contract: a description, a catalogue and a function.
///
/// It sees what a component would see, and an answer that a host would not act on is the same error.
#[derive(Debug)]
pub struct Native<F> {
    surface: Surface,
    decide: F,
}

impl<F: Fn(&Request<'_>) -> Decision> Native<F> {
    /// Checks the description and the catalogue as a load does.
    ///
    /// # Errors
    /// A host would not take them.
    pub fn new(
        description: Description,
        catalogue: Vec<CatalogueEntry>,
        decide: F,
    ) -> Result<Self, LoadError> {
        let surface = Surface::new(description, catalogue)?;
        Ok(Self { surface, decide })
    }
}

impl<F: Fn(&Request<'_>) -> Decision> Decider for Native<F> {
    fn description(&self) -> &Description {
        self.surface.description()
    }

    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.surface.catalogue().iter()
    }

    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let caller = as_wanted(self.description(), request.caller);
        let request = Request {
            caller: &caller,
            ..*request
        };
        let decision = (self.decide)(&request);
        let checked = self.surface.check(&decision, &request);
        checked.map_err(DecideError::Contract)?;
        Ok(decision)
    }
}

/// The key without the lists that the policy does not ask for. To a component they are `unasked`.
fn as_wanted(description: &Description, caller: &Caller) -> Caller {
    let wants = description.wants;
    let list = |is_wanted: bool, names: &Names| match is_wanted {
        true => names.clone(),
        false => Names::All,
    };
    Caller {
        id: caller.id.clone(),
        purposes: caller.purposes,
        scopes: caller.scopes.clone(),
        labels: match wants.labels {
            true => caller.labels.clone(),
            false => Vec::new(),
        },
        models: list(wants.models, &caller.models),
        published: list(wants.published, &caller.published),
        datasets: list(wants.datasets, &caller.datasets),
    }
}
