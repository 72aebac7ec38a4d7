//! The door: everything a host asks of swaps.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        mpsc::{self, TrySendError},
    },
    thread::{self, JoinHandle},
};

use signalbox_policy::Description;
use signalbox_runtime::{Digest, Generation, GenerationStats, Plugin, RequestBuf, Runtime, Slot};

use crate::{
    Action, Actor, Changed, Entry, Failure, Order, Outcome, PolicyOverview, Question, Settings,
    Source, Started, State, StateError, StepReport, controller,
    event::{EVENT_QUEUE, Event},
    report,
    shadow::{self, Asked, QUESTIONS},
    shared::Shared,
    snapshot::Snapshot,
    start,
    transaction::{self, Command},
    transaction_recorder::TransactionRecorder,
};

/// What serves, and everything that changes it. Cheap to clone; its two threads end with the last
/// clone.
///
/// Whatever fails is told in the outcome of an [`Entry`], is in the history, and has changed
/// nothing. Calls that give an `Entry` take their time and belong on a thread that may wait;
/// [`failed`](Self::failed) and [`shadow`](Self::shadow) never wait.
#[derive(Clone)]
pub struct Swaps(Arc<Owner>);

/// Ends the threads.
struct Owner {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Swaps {
    /// With nothing in service: see [`start`](Self::start).
    ///
    /// # Errors
    /// What was remembered cannot be read, or there is no thread to be had.
    pub fn new(runtime: Runtime, settings: Settings) -> Result<Self, StartError> {
        let remembered = settings.state.as_ref().map(State::read).transpose();
        let remembered = remembered.map_err(StartError::State)?;
        let book = remembered.map(Snapshot::recall).unwrap_or_default();
        let (sender, events) = mpsc::sync_channel(EVENT_QUEUE);
        let (shadows, questions) = mpsc::sync_channel(QUESTIONS);
        let shared = Arc::new(Shared::new(runtime, settings, book, sender, shadows));
        let mut owner = Owner {
            shared: Arc::clone(&shared),
            threads: Vec::new(),
        };
        let controller = Arc::clone(&shared);
        owner.run("signalbox-controller", move || {
            controller::run(&controller, &events);
        })?;
        owner.run("signalbox-shadow", move || {
            let share = shared.settings.shadow_cpu;
            let shadowed = |shadow: &Generation| shared.shadowed(shadow);
            shadow::run(&questions, share, shadowed, &shared.events);
        })?;
        Ok(Self(Arc::new(owner)))
    }

    /// What serves, for the request path. Change it through `Swaps` alone.
    #[must_use]
    pub fn slot(&self) -> &Slot {
        &self.shared().slot
    }

    /// Puts policies into service when a host starts: from the state where a source is unchanged,
    /// else by the whole transaction, else what served last.
    pub fn start(&self, sources: Vec<Source>, told: &mut dyn FnMut(&StepReport)) -> Vec<Started> {
        start::start(self.shared(), sources, told)
    }

    /// The transaction, from start to end, on this thread. `told` hears each step as it ends.
    pub fn swap(&self, order: Order, told: &mut dyn FnMut(&StepReport)) -> Entry {
        let actor = order.actor.clone();
        transaction::run(self.shared(), Command::Swap(order), actor, None, told)
    }

    /// Notes what failed before there was an order: an upload that broke off, a registry that does
    /// not answer, a source that does not compile.
    pub fn reject(
        &self,
        actor: Actor,
        action: Action,
        names: Vec<String>,
        failure: Failure,
    ) -> Entry {
        let mut nobody = |_: &StepReport| {};
        let mut walk = TransactionRecorder::begin(action, actor, None, &mut nobody);
        walk.policies = names.into_iter().map(Changed::new).collect();
        self.shared().close(&walk, Outcome::Failed(failure))
    }

    /// Lets an earlier generation serve again: the one of number `to`, else what served last.
    pub fn rollback(&self, name: &str, to: Option<u64>, actor: Actor) -> Entry {
        let wish = Command::Rollback {
            name: name.to_owned(),
            to,
            only_from: None,
        };
        self.run(wish, actor)
    }

    /// Lets the candidate beside the live policy come into service.
    pub fn promote(&self, name: &str, actor: Actor) -> Entry {
        let wish = Command::Promote {
            name: name.to_owned(),
            only: None,
        };
        self.run(wish, actor)
    }

    /// Takes the candidate beside the live policy away.
    pub fn withdraw(&self, name: &str, actor: Actor) -> Entry {
        let wish = Command::Withdraw {
            name: name.to_owned(),
            only: None,
        };
        self.run(wish, actor)
    }

    /// Forbids a component for good. Where it serves, what served before does again; if there is
    /// nothing to go back to, it is not revoked.
    pub fn revoke(&self, digest: Digest, actor: Actor) -> Entry {
        self.run(Command::Revoke { digest }, actor)
    }

    /// What was done, newest first.
    #[must_use]
    pub fn history(&self) -> Vec<Entry> {
        let book = self.shared().book();
        let entries = book.history.iter().rev();
        entries.map(|entry| Entry::clone(entry)).collect()
    }

    /// One entry of the history, if it is still there.
    #[must_use]
    pub fn entry(&self, number: u64) -> Option<Entry> {
        let book = self.shared().book();
        book.entry(number).map(|entry| Entry::clone(entry))
    }

    /// How every policy stands, in the order of names.
    #[must_use]
    pub fn overview(&self) -> Vec<PolicyOverview> {
        report::overview(&self.shared().book())
    }

    /// The component of a generation that serves, decides beside the live policy, or is kept and
    /// loaded.
    #[must_use]
    pub fn plugin(&self, name: &str, generation: u64) -> Option<Plugin> {
        let book = self.shared().book();
        let standing = book.policies.get(name)?;
        let live = standing.live.iter().map(|it| (it.number(), &it.loaded));
        let beside = standing.beside.iter().map(|it| (it.number(), &it.loaded));
        let kept = standing.kept.iter();
        let kept = kept.filter_map(|it| Some((it.number, it.loaded.as_ref()?)));
        let mut all = live.chain(beside).chain(kept);
        let (_, loaded) = all.find(|(number, _)| *number == generation)?;
        Some(loaded.plugin.clone())
    }

    /// Gives up compiling, as far as a child process does it: transactions under way fail at that
    /// step, and so do those to come. For a host that ends.
    pub fn give_up_compiling(&self) {
        self.shared().runtime.give_up_compiling();
    }

    /// Takes over the operator's cases, by policy name, for the transactions to come.
    pub fn set_cases(&self, cases: BTreeMap<String, Vec<u8>>) {
        self.shared().set_cases(cases);
    }

    /// The guest failed a request, in a decision that counts. Never waits. Where a failing program
    /// may be rolled back, `question` makes the request once more, as a policy of this description
    /// is told of it: the generation before is asked as well, on another thread.
    pub fn failed(
        &self,
        asked: &Arc<GenerationStats>,
        cause: &'static str,
        question: impl FnOnce(&Description) -> Option<RequestBuf>,
    ) {
        let shared = self.shared();
        // When there are more failures than fit, the generation's own count has them.
        let _ = shared
            .events
            .try_send(Event::Failed(Arc::clone(asked), cause));
        shared.ask_again(asked, question);
    }

    /// Lets a shadow decide what was decided. Never waits: when there is no room, the question is
    /// counted as skipped.
    pub fn shadow(&self, question: Question) {
        let shared = self.shared();
        let sent = shared.shadows.try_send(Asked::Question(Box::new(question)));
        if let Err(TrySendError::Full(Asked::Question(question))) = sent
            && let Some(shadowed) = shared.shadowed(&question.shadow)
        {
            shadowed.skip();
        }
    }

    fn run(&self, wish: Command, actor: Actor) -> Entry {
        transaction::run(self.shared(), wish, actor, None, &mut |_| {})
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl std::fmt::Debug for Swaps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Swaps")
            .field("settings", &self.0.shared.settings)
            .finish_non_exhaustive()
    }
}

impl Owner {
    fn run(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
        let thread = thread::Builder::new().name(name.into()).spawn(work);
        self.threads.push(thread.map_err(StartError::Thread)?);
        Ok(())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Both threads read on until they find this; if one is gone, so is its end of the queue.
        let _ = self.shared.events.send(Event::Stop);
        let _ = self.shared.shadows.send(Asked::Stop);
        for thread in self.threads.drain(..) {
            // An observer may hold the last clone: a thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Why swaps did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// What was remembered cannot be read. Without it, nobody knows what was revoked.
    #[error("the state folder cannot be read")]
    State(#[source] StateError),
    /// A thread was not to be had.
    #[error("a thread did not start")]
    Thread(#[source] io::Error),
}
