//! Where policies come from: policy files, registries, SIGHUP; and what is read again.
//!
//! Each source makes orders for [`signalbox_swap::Swaps`] and says in readiness what became of them. What
//! takes its time (reading, compiling) happens on blocking threads: never where requests are
//! served, nor where the next look is waited for.

mod cases;
mod file;
mod included;
pub(crate) mod registries;
mod registry;
pub(crate) mod reload;
mod sighup;
pub(crate) mod sources;

pub use cases::{CasesError, CasesProblem};
pub(crate) use cases::{of as cases_of, read as read_cases};
pub(crate) use file::{Files, Found, Unmade, watch as watch_files};
pub(crate) use registry::{
    Followed, RefreshSignal, follow as follow_registries, source as registry_source,
};
pub(crate) use sighup::Sighup;

use std::sync::Arc;

use signalbox_runtime::Digest;
use signalbox_swap::{
    Actor, Candidate, Entry, Failure, Mode, OpenAnswers, Order, Outcome, RollBack, Step, Swaps,
};

use crate::observe::health::PolicyHealth;
use crate::policy_sources::registries::Registries;
use crate::policy_sources::sources::Sources;

/// Where policies come from, and what takes them.
#[derive(Debug)]
pub(crate) struct PolicySources {
    /// What serves, and everything that changes it.
    pub(crate) swaps: Swaps,
    /// What is wrong with each policy.
    pub(crate) health: Arc<PolicyHealth>,
    /// How what an operator writes becomes a component.
    pub(crate) compile: Arc<dyn Sources>,
    pub(crate) registry: Arc<Registries>,
    pub(crate) files: Files,
    /// Asks for a look at registries.
    pub(crate) look: RefreshSignal,
}

/// A component as its source gives it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) component: Vec<u8>,
    pub(crate) statement: Option<Vec<u8>>,
    /// Of what lies at the source: what a restart compares.
    pub(crate) source: Digest,
}

/// Lets what a source gave serve, and says in readiness how that went.
fn put(sources: &PolicySources, name: &str, actor: Actor, made: Made) -> Result<(), Failure> {
    let order = Order {
        candidates: vec![Candidate {
            name: name.to_owned(),
            component: made.component,
            digest: None,
            statement: made.statement,
            source: Some(made.source),
            cases: None,
        }],
        mode: Mode::Serve,
        roll_back: RollBack::default(),
        open_answers: OpenAnswers::Keep,
        actor,
    };
    let entry = sources.swaps.swap(order, &mut |_| {});
    note(sources, name, entry)
}

/// Notes what failed before there was anything to put into service.
fn reject(sources: &PolicySources, name: &str, actor: Actor, failure: Failure) -> Failure {
    let names = vec![name.to_owned()];
    let action = signalbox_swap::Action::Swap;
    let entry = sources.swaps.reject(actor, action, names, failure.clone());
    note(sources, name, entry).err().unwrap_or(failure)
}

fn note(sources: &PolicySources, name: &str, entry: Entry) -> Result<(), Failure> {
    match entry.outcome {
        Outcome::Failed(failure) => {
            sources.health.source_failed(name, &failure);
            Err(failure)
        }
        _ => {
            sources.health.source_passed(name);
            Ok(())
        }
    }
}

/// Whether somebody else changed the policy first: the same may well pass a moment later.
fn is_lost_race(failure: &Failure) -> bool {
    failure.step == Step::Store
}

/// Does what takes its time on a thread that has it.
pub(crate) async fn off_thread<S: Send + Sync + 'static, T: Send + 'static>(
    shared: &Arc<S>,
    work: impl FnOnce(&S) -> T + Send + 'static,
) -> Option<T> {
    let shared = Arc::clone(shared);
    let done = tokio::task::spawn_blocking(move || work(&shared)).await;
    // A panic is one of ours, and is in the log; the next look begins afresh.
    done.ok()
}
