//! What serves when a host has started.

use signalbox_runtime::Digest;

use crate::{
    Action, Actor, Candidate, Changed, Entry, Failure, Mode, OpenAnswers, Order, Outcome, RollBack,
    StepReport, Trigger,
    policy_state::Last,
    shared::Shared,
    snapshot::Snapshot,
    transaction::{self, Command},
    transaction_recorder::TransactionRecorder,
};

/// Where a host's policy comes from, as it was found at start.
#[derive(Debug)]
pub struct Source {
    /// The name keys use.
    pub name: String,
    /// A file, or a registry reference, for the history.
    pub from: String,
    /// Digest of the source as it lies there, if that is known: it may be where no candidate could
    /// be made, and what is unchanged needs none.
    pub source: Option<Digest>,
    /// What it makes, or why it makes nothing.
    pub candidate: Result<Candidate, Failure>,
}

/// What became of one name at start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// The name keys use.
    pub name: String,
    /// What serves, and why.
    pub serving: Serving,
    /// Its generation, if something serves.
    pub generation: Option<u64>,
}

/// What serves after a start.
///
/// Exhaustive on purpose: a host is ready, degraded or not ready by these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serving {
    /// What its source says.
    Source,
    /// What served when the host ended; its source is as it was when that was decided.
    State,
    /// What served when the host ended, because its source failed.
    LastGood(Failure),
    /// Nothing: the source failed, and nothing is left of earlier.
    Nothing(Failure),
}

pub(crate) fn start(
    shared: &Shared,
    sources: Vec<Source>,
    told: &mut dyn FnMut(&StepReport),
) -> Vec<Started> {
    shared.note(|book| {
        for source in &sources {
            let standing = book.policies.entry(source.name.clone()).or_default();
            standing.is_configured = true;
        }
    });
    sources
        .into_iter()
        .map(|source| one(shared, source, told))
        .collect()
}

fn one(shared: &Shared, source: Source, told: &mut dyn FnMut(&StepReport)) -> Started {
    let book = shared.book();
    let name = source.name.clone();
    let standing = book.policies.get(&name);
    let last = standing.and_then(|standing| standing.last);
    let last = last.filter(|last| !book.revoked.contains(&last.generation.digest));
    let taken = standing.and_then(|standing| standing.source);
    let is_unchanged = source.source.is_some() && source.source == taken;
    if let Some(last) = last
        && is_unchanged
        && !shared.settings.from_source
    {
        let entry = restore(shared, &book, &name, last, &source.from, told);
        if entry.outcome == Outcome::Done {
            return Started::by(name, Serving::State, &entry);
        }
    }
    let from = source.from.clone();
    let (entry, failure) = match transaction(shared, source, told) {
        (entry, None) => return Started::by(name, Serving::Source, &entry),
        (entry, Some(failure)) => (entry, failure),
    };
    let Some(last) = last else {
        return Started::by(name, Serving::Nothing(failure), &entry);
    };
    let entry = restore(shared, &book, &name, last, &from, told);
    let serving = match entry.outcome {
        Outcome::Done => Serving::LastGood(failure),
        _ => Serving::Nothing(failure),
    };
    Started::by(name, serving, &entry)
}

/// The transaction of what the source makes.
fn transaction(
    shared: &Shared,
    source: Source,
    told: &mut dyn FnMut(&StepReport),
) -> (Entry, Option<Failure>) {
    let actor = Actor::new(Trigger::Start, source.from);
    let candidate = match source.candidate {
        Ok(candidate) => candidate,
        Err(failure) => {
            let mut walk = TransactionRecorder::begin(Action::Swap, actor, None, told);
            walk.policies = vec![Changed::new(&source.name)];
            let entry = shared.close(&walk, Outcome::Failed(failure.clone()));
            return (entry, Some(failure));
        }
    };
    let order = Order {
        candidates: vec![Candidate {
            name: source.name,
            source: source.source,
            ..candidate
        }],
        mode: Mode::Serve,
        roll_back: RollBack::default(),
        open_answers: OpenAnswers::Keep,
        actor: actor.clone(),
    };
    let entry = transaction::run(shared, Command::Swap(order), actor, None, told);
    let failure = match &entry.outcome {
        Outcome::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    (entry, failure)
}

/// What served when an earlier process ended serves again. It passed every check then.
fn restore(
    shared: &Shared,
    book: &Snapshot,
    name: &str,
    last: Last,
    from: &str,
    told: &mut dyn FnMut(&StepReport),
) -> Entry {
    let wish = Command::Restore {
        name: name.to_owned(),
        last,
        forgotten: forgotten(book, name),
    };
    transaction::run(shared, wish, Actor::new(Trigger::Start, from), None, told)
}

/// A candidate that was beside what served, and is no more.
fn forgotten(book: &Snapshot, name: &str) -> Option<String> {
    let is_about = |entry: &&std::sync::Arc<Entry>| {
        entry.outcome == Outcome::Done && entry.policies.iter().any(|it| it.name == name)
    };
    let entry = book.history.iter().rev().find(is_about)?;
    let role = match entry.action {
        Action::Shadow => "shadow",
        Action::Canary => "canary",
        _ => return None,
    };
    Some(format!(
        "the {role} of transaction {} is not remembered over a restart",
        entry.number
    ))
}

impl Started {
    fn by(name: String, serving: Serving, entry: &Entry) -> Self {
        let serves = !matches!(serving, Serving::Nothing(_));
        let changed = entry.policies.iter().find(|changed| changed.name == name);
        Self {
            generation: changed.and_then(|changed| changed.to).filter(|_| serves),
            name,
            serving,
        }
    }
}
