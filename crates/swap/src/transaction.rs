//! The state machine of everything that changes what serves.
//!
//! ```text
//!  swap, shadow, canary, dry run        rollback, revoke           promote, withdraw
//!             │                                │                          │
//!          receive ◄───────────────────────────┴──────────────────────────┘
//!             │           the names are known; what is live now is the base
//!      ╔══════╪═ for each candidate ══╗
//!      ║   digest     (not revoked)   ║        ┌─ digest (not revoked)
//!      ║   signature                  ║        │  loaded, if it is not any more
//!      ║   read → … → trial           ║        │
//!      ║   cases                      ║        │
//!      ║   access                     ║        │
//!      ╚══════╪═══════════════════════╝        │
//!             ├──► dry run: PASSED             │
//!             ▼                                ▼
//!  ┌─ one at a time ──────────────────────────────────────────────────────────┐
//!  │  still as at `receive`?  ── no ──► FAILED at store: says which came first │
//!  │  keep      objects, then the state file that names what is to serve      │
//!  │  store     one atomic store  ── no ──► the state file is put right again │
//!  └──────────┬───────────────────────────────────────────────────────────────┘
//!             ▼
//!           DONE ──► drain (no decision under way on what served) ──► watch
//! ```
//!
//! Whatever fails ends in FAILED, with its step, its reason and what to do, and nothing changed.
//! Every end is an entry of the history. Candidates are prepared without any lock, several
//! transactions at a time; who reaches the box first wins. Killed before the state file is in its
//! place, the next start finds the old; after, the new.
//!
//! What a single step does is in `receive`, `prepare`, `cases`, `access`, `kept`, `keep`; what happens after
//! `store` is in `controller`.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use jiff::Timestamp;
use signalbox_runtime::Digest;

use crate::{
    Action, Actor, Changed, Entry, Evidence, Failure, Mode, OpenAnswers, Order, Outcome, Step,
    StepReport,
    edit::{Arrival, CandidateRole, Edit, Edits, Service},
    policy_state::{Last, PolicyState},
    prepare::{self, Prepared},
    shadow::Shadowed,
    shared::Shared,
    snapshot::Snapshot,
    targets,
    transaction_recorder::{StepError, TransactionRecorder},
};

/// What is asked for.
pub(crate) enum Command {
    Swap(Order),
    Rollback {
        name: String,
        to: Option<u64>,
        /// The only generation to go back from; `None` is any. Between evidence and action
        /// somebody may have put something stricter in its place.
        only_from: Option<u64>,
    },
    Promote {
        name: String,
        /// The only candidate that is meant.
        only: Option<u64>,
    },
    Withdraw {
        name: String,
        /// The only candidate that is meant.
        only: Option<u64>,
    },
    Revoke {
        digest: Digest,
    },
    /// What served when an earlier process ended.
    Restore {
        name: String,
        last: Last,
        /// What was beside it and is not restored.
        forgotten: Option<String>,
    },
}

/// What walked through every check, and is to be done in one store.
struct Plan {
    edits: Edits,
    open_answers: OpenAnswers,
}

/// Walks from the start to the end, which is in the entry.
pub(crate) fn run(
    shared: &Shared,
    wish: Command,
    actor: Actor,
    evidence: Option<Evidence>,
    told: &mut dyn FnMut(&StepReport),
) -> Entry {
    let mut walk = TransactionRecorder::begin(wish.action(), actor, evidence, told);
    // Only what is remembered: it pins no instances while it prepares, so that what served before
    // can come to rest.
    let base = shared.book();
    let end = match plan(shared, &base, wish, &mut walk) {
        Ok(Some(plan)) => return store(shared, &base, &plan, walk),
        Ok(None) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    };
    shared.close(&walk, end)
}

impl Command {
    const fn action(&self) -> Action {
        match self {
            Self::Swap(order) => order.mode.action(),
            Self::Restore { .. } => Action::Swap,
            Self::Rollback { .. } => Action::Rollback,
            Self::Promote { .. } => Action::Promote,
            Self::Withdraw { .. } => Action::Withdraw,
            Self::Revoke { .. } => Action::Revoke,
        }
    }
}

/// Everything before the box of the picture. `None` is a dry run that found nothing.
fn plan(
    shared: &Shared,
    base: &Snapshot,
    wish: Command,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Option<Plan>, Failure> {
    let edits = match wish {
        Command::Swap(order) => return swap(shared, base, order, walk),
        Command::Rollback {
            name,
            to,
            only_from,
        } => targets::back(shared, base, name, (to, only_from), walk)?,
        Command::Promote { name, only } => targets::beside(base, name, only, Edit::Promote, walk)?,
        Command::Withdraw { name, only } => {
            targets::beside(base, name, only, Edit::Withdraw, walk)?
        }
        Command::Revoke { digest } => targets::revocation(shared, base, digest, walk)?,
        Command::Restore {
            name,
            last,
            forgotten,
        } => targets::last(shared, base, name, (last, forgotten), walk)?,
    };
    Ok(Some(Plan {
        edits,
        open_answers: OpenAnswers::Keep,
    }))
}

fn swap(
    shared: &Shared,
    base: &Snapshot,
    order: Order,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Option<Plan>, Failure> {
    walk.policies = order
        .candidates
        .iter()
        .map(|candidate| Changed::new(&candidate.name))
        .collect();
    for changed in &mut walk.policies {
        changed.from = base.live(&changed.name);
    }
    let _turn = walk.step(Step::Receive, None, || {
        prepare::check(base, &order)?;
        Ok((shared.turn()?, Some(prepare::received(&order))))
    })?;
    let mut edits = Edits::default();
    for candidate in order.candidates {
        let name = candidate.name.clone();
        let mut prepared = prepare::prepare(shared, base, candidate, walk)?;
        edits.objects.push(std::mem::take(&mut prepared.component));
        let edit = edit(base, &name, prepared, &order.mode, order.roll_back);
        edits.edits.extend(edit.map(|edit| (name, edit)));
    }
    if order.mode == Mode::DryRun {
        return Ok(None);
    }
    Ok(Some(Plan {
        edits,
        open_answers: order.open_answers,
    }))
}

/// What a candidate that passed becomes; nothing in a dry run.
fn edit(
    base: &Snapshot,
    name: &str,
    prepared: Prepared,
    mode: &Mode,
    roll_back: crate::RollBack,
) -> Option<Edit> {
    let service = Service {
        roll_back,
        arrival: Arrival::Candidate(prepared.compared),
        source: prepared.source,
        accepted: prepared.accepted,
    };
    let live = || base.standing(name)?.live.as_ref();
    Some(match mode {
        Mode::DryRun => return None,
        Mode::Serve => Edit::Serve(prepared.loaded, service),
        Mode::Canary(share) => {
            Edit::Beside(prepared.loaded, CandidateRole::Canary(*share), service)
        }
        Mode::Shadow(order) => {
            let live = &live()?.loaded.plugin;
            let shadowed = Shadowed::new(order.clone(), live);
            Edit::Beside(prepared.loaded, CandidateRole::Shadow(shadowed), service)
        }
    })
}

/// The box of the picture: one transaction at a time.
fn store(
    shared: &Shared,
    base: &Snapshot,
    plan: &Plan,
    mut walk: TransactionRecorder<'_>,
) -> Entry {
    let storing = shared.storing();
    let done = keep_and_store(shared, base, plan, &mut walk);
    let entry = match done {
        Ok(entry) => entry,
        Err(failure) => {
            drop(storing);
            return shared.close(&walk, Outcome::Failed(failure));
        }
    };
    shared.settle();
    let entry = shared.book().entry(entry.number).map_or(entry, Arc::clone);
    drop(storing);
    walk.tell_rest(&entry);
    shared.announce(&entry);
    shared.wake();
    Arc::unwrap_or_clone(entry)
}

fn keep_and_store(
    shared: &Shared,
    base: &Snapshot,
    plan: &Plan,
    walk: &mut TransactionRecorder<'_>,
) -> Result<Arc<Entry>, Failure> {
    let now = Timestamp::now();
    let book = shared.book();
    still_as_received(base, &book, plan)?;
    let number = book.last_entry + 1;
    let prepared = shared.prepare(&book, &plan.edits).map_err(|conflict| {
        // Somebody changed the slot past these transactions.
        let help = "something changes the slot directly: let it use `Swaps`";
        StepError::of(&conflict, help).at(Step::Store, None)
    })?;
    let (policies, keep) = (prepared.policies(), shared.settings.keep);
    let mut next = book.after(&plan.edits, policies, number, now, keep);
    for (name, _) in &plan.edits.edits {
        let to = next.policies.get(name).and_then(PolicyState::newest);
        if let Some(changed) = walk.changed(name) {
            changed.to = to;
        }
    }
    // As it will be once it is stored: should this process end here, the next one serves what the
    // state names, and its history says how that came.
    let mut kept = next.clone();
    kept.record(Arc::new(walk.entry(number, Outcome::Done)));
    shared.keep(&kept, &plan.edits.objects, walk)?;
    let began = Instant::now();
    drop(prepared.publish());
    if plan.open_answers == OpenAnswers::Cut {
        cut(&next, &plan.edits);
    }
    walk.done(Step::Store, None, began.elapsed(), noted(base, plan));
    let entry = Arc::new(walk.entry(number, Outcome::Done));
    next.record(Arc::clone(&entry));
    shared.replace(next);
    Ok(entry)
}

/// The loser of two is told who won.
fn still_as_received(base: &Snapshot, book: &Snapshot, plan: &Plan) -> Result<(), Failure> {
    for (name, edit) in &plan.edits.edits {
        let changed_by =
            |book: &Snapshot| book.policies.get(name).map_or(0, |known| known.changed_by);
        let winner = changed_by(book);
        if changed_by(base) != winner {
            return Err(lost(book, name, winner).at(Step::Store, Some(name)));
        }
        if let Edit::Serve(loaded, _) | Edit::Beside(loaded, ..) = edit
            && (book.revoked.contains(&loaded.digest())
                || plan.edits.forbid == Some(loaded.digest()))
        {
            return Err(prepare::revoked(loaded.digest()).at(Step::Store, Some(name)));
        }
    }
    let Some(digest) = plan.edits.forbid else {
        return Ok(());
    };
    // Meanwhile it may have come into service where it was not known.
    let knows = |(name, standing): (&String, &PolicyState)| {
        let before = base.standing(name).map_or(0, |known| known.changed_by);
        let is_new = standing.changed_by != before && standing.uses(digest);
        is_new.then(|| (name.clone(), standing.changed_by))
    };
    match book.policies.iter().find_map(knows) {
        Some((name, winner)) => Err(lost(book, &name, winner).at(Step::Store, Some(&name))),
        None => Ok(()),
    }
}

fn lost(book: &Snapshot, name: &str, winner: u64) -> StepError {
    let by = book.entry(winner).map_or_else(String::new, |entry| {
        format!(" by {} ({})", entry.actor.who, entry.action.word())
    });
    let standing = book.policies.get(name);
    let live = standing.and_then(|standing| standing.live.as_ref());
    let now = live.map_or_else(
        || "nothing serves it now".to_owned(),
        |live| format!("generation {} serves it now", live.number()),
    );
    StepError::new(
        format!("transaction {winner}{by} changed `{name}` first; {now}"),
        "look at the live policy (`signalbox status`), and ask again if it is still wanted",
    )
}

/// Answers that began before, on whatever drains under these names.
fn cut(book: &Snapshot, edits: &Edits) {
    for (name, _) in &edits.edits {
        let draining = book.policies.get(name).map(|standing| &standing.draining);
        for drain in draining.into_iter().flatten() {
            drain.served.cut();
        }
    }
}

/// A candidate that goes because something else serves now.
fn noted(base: &Snapshot, plan: &Plan) -> Option<String> {
    let gone = plan.edits.edits.iter().filter_map(|(name, edit)| {
        let beside = base.standing(name)?.beside.as_ref()?;
        matches!(edit, Edit::Serve(..) | Edit::Beside(..))
            .then(|| format!("candidate {} of `{name}` goes", beside.number()))
    });
    let gone: Vec<_> = gone.collect();
    (!gone.is_empty()).then(|| gone.join(", "))
}

impl Shared {
    /// A place among the transactions that prepare; it is given back when dropped.
    fn turn(&self) -> Result<Turn<'_>, StepError> {
        let more = |count| (count < MOST_AT_A_TIME).then_some(count + 1);
        let taken = self
            .preparing
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.map(|_| Turn(self)).map_err(|_| {
            let message = format!("{MOST_AT_A_TIME} transactions are under way already");
            StepError::new(message, "ask again when one of them has ended")
        })
    }
}

struct Turn<'s>(&'s Shared);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.preparing.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Each holds a component of up to 32 MiB and what it compiles to.
const MOST_AT_A_TIME: usize = 8;
