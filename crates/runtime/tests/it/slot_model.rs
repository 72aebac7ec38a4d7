//! The slot under a model checker: every order in which a few readers and writers can go.
//!
//! What is checked is the slot's own code: `slot/published.rs`, `slot/lane.rs` and
//! `slot/change.rs` are included here with loom's mutex and atomics. Loom goes through the
//! interleavings, with at most two preemptions, and through the values that relaxed loads may
//! give; each history must be one that a slot which does one thing after the other could give, in an
//! order that agrees with who was done before whom. That is linearizability, for up to three
//! threads with two calls each.
//!
//! How far it does not reach: `ArcSwap` is taken to be what it says, an atomic pointer whose value
//! lives as long as somebody holds it (it has model checks of its own); a generation is a number;
//! the lock is loom's. Whether generations are freed is tested in `swap` and `lanes`.

#[expect(
    unreachable_pub,
    dead_code,
    reason = "what is public in the library is private to this test"
)]
#[path = "../../src/slot/change.rs"]
mod change;
mod history;
#[expect(
    unreachable_pub,
    dead_code,
    reason = "what is public in the library is private to this test"
)]
#[path = "../../src/slot/lane.rs"]
mod lane;
#[path = "../../src/slot/published.rs"]
mod published;

use loom::{
    model::Builder,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use signalbox_runtime::TrafficShare;

use self::{
    change::{Change, Conflict},
    history::{Call, History, Step, is_linear},
    lane::{Beside, Lane, Policies},
    published::Published,
};

/// Loom's types where the library has those of `std` and `arc_swap`.
mod sync {
    use std::sync::{Arc, Mutex as Unseen};

    use loom::sync::atomic::{AtomicUsize, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};

    /// An atomic pointer into values that all stay: reclaiming them is not modelled. The list's
    /// own lock is none of loom's, and so orders nothing for it.
    #[derive(Debug)]
    pub(super) struct ArcSwap<T> {
        pointer: AtomicUsize,
        values: Unseen<Vec<Arc<T>>>,
    }

    impl<T> ArcSwap<T> {
        pub(super) fn from_pointee(value: T) -> Self {
            Self {
                pointer: AtomicUsize::new(0),
                values: Unseen::new(vec![Arc::new(value)]),
            }
        }

        pub(super) fn load_full(&self) -> Arc<T> {
            let place = self.pointer.load(Ordering::Acquire);
            Arc::clone(self.values.lock().unwrap().get(place).unwrap())
        }

        pub(super) fn swap(&self, value: Arc<T>) -> Arc<T> {
            let mut values = self.values.lock().unwrap();
            values.push(value);
            let place = values.len() - 1;
            drop(values);
            let old = self.pointer.swap(place, Ordering::AcqRel);
            Arc::clone(self.values.lock().unwrap().get(old).unwrap())
        }
    }
}

/// A generation, as far as the slot looks at it. Its number is written after it is made, and is
/// nothing to whoever did not get it in order.
#[derive(Debug)]
pub(crate) struct Generation {
    number: AtomicU64,
    name: String,
}

impl Generation {
    fn new(number: u64, name: String, _plugin: Plugin) -> Self {
        let unwritten = AtomicU64::new(0);
        unwritten.store(number, Ordering::Relaxed);
        Self {
            number: unwritten,
            name,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Plugin;

/// As the library's slot.
struct Slot(Published<Policies>);

impl Slot {
    fn load(&self) -> std::sync::Arc<Policies> {
        self.0.load()
    }

    fn commit(
        &self,
        base: &Policies,
        change: Change,
    ) -> Result<std::sync::Arc<Policies>, Conflict> {
        let next = self
            .0
            .prepare(|current, last| change.apply(base, current, last))?;
        assert!(next.value().iter().all(|lane| lane.live().number() > 0));
        Ok(next.publish())
    }
}

/// What one thread does.
#[derive(Clone)]
enum Task {
    /// Looks at what serves.
    Look,
    /// Makes a change to what served when the model began.
    Change(Vec<Step>),
    /// Looks at what serves, and makes a change to that.
    LookAndChange(Vec<Step>),
}

/// Runs the threads in every order, on a slot to which `first` has been done.
fn check(first: &[Step], threads: &[&[Task]]) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    let first = first.to_vec();
    let threads: Vec<Vec<Task>> = threads.iter().map(|tasks| tasks.to_vec()).collect();
    builder.check(move || {
        let slot = Arc::new(Slot(Published::new(Policies::default(), 7)));
        let clock = Arc::new(loom::sync::atomic::AtomicUsize::new(0));
        let mut history = History::new(&clock);
        history.commit(&slot, &slot.load(), &first);
        let base = slot.load();
        let running: Vec<_> = threads
            .iter()
            .map(|tasks| {
                let (slot, clock, tasks) = (Arc::clone(&slot), Arc::clone(&clock), tasks.clone());
                let base = std::sync::Arc::clone(&base);
                thread::spawn(move || {
                    let mut history = History::new(&clock);
                    for task in &tasks {
                        match task {
                            Task::Look => drop(history.load(&slot)),
                            Task::Change(steps) => history.commit(&slot, &base, steps),
                            Task::LookAndChange(steps) => {
                                let base = history.load(&slot);
                                history.commit(&slot, &base, steps);
                            }
                        }
                    }
                    history.calls
                })
            })
            .collect();
        for thread in running {
            history.calls.extend(thread.join().unwrap());
        }
        history.load(&slot);
        assert!(is_linear(7, &history.calls), "{:#?}", history.calls);
    });
}

const A: &str = "a";
const B: &str = "b";

#[test]
fn two_changes_to_one_name_have_one_winner() {
    let change = || [Task::Change(vec![Step::Serve(A)])];
    check(&[], &[&change(), &change()]);
    check(&[Step::Serve(A)], &[&change(), &change(), &[Task::Look]]);
}

#[test]
fn changes_to_different_names_lose_nothing() {
    check(
        &[Step::Serve(A)],
        &[
            &[Task::Change(vec![Step::Serve(A)])],
            &[Task::Change(vec![Step::Serve(B)])],
            &[Task::Look],
        ],
    );
}

#[test]
fn reader_sees_all_of_a_change_and_never_an_earlier_one_again() {
    let both = || vec![Step::Serve(A), Step::Serve(B)];
    check(
        &both(),
        &[
            &[Task::LookAndChange(both()), Task::LookAndChange(both())],
            &[Task::Look, Task::Look],
        ],
    );
}

#[test]
fn candidate_is_promoted_or_withdrawn_or_replaced_once() {
    check(
        &[Step::Serve(A), Step::Shadow(A)],
        &[
            &[Task::Change(vec![Step::Promote(A)])],
            &[Task::Change(vec![Step::Withdraw(A)])],
            &[Task::Change(vec![Step::Shadow(A)])],
        ],
    );
}

#[test]
fn change_of_two_names_conflicts_with_a_change_of_either() {
    check(
        &[Step::Serve(A), Step::Serve(B)],
        &[
            &[Task::Change(vec![Step::Serve(A), Step::Remove(B)])],
            &[Task::LookAndChange(vec![Step::Shadow(B)])],
            &[Task::Look],
        ],
    );
}

/// The checker itself: it must not take what no slot could give.
#[test]
fn history_that_is_not_linear_is_told() {
    let (one, two) = (
        history::state(&[(A, 8, None)]),
        history::state(&[(A, 9, None)]),
    );
    let call = |from, to, call| Call { from, to, call };
    let serve = |base: &history::State| history::What::Commit {
        base: base.clone(),
        steps: vec![Step::Serve(A)],
        answer: Some(if base.is_empty() {
            one.clone()
        } else {
            two.clone()
        }),
    };
    let look = |state: &history::State| history::What::Load(state.clone());
    let written = [
        call(0, 1, serve(&history::state(&[]))),
        call(2, 3, serve(&one)),
    ];
    let with = |calls: &[Call]| is_linear(7, &[&written[..], calls].concat());
    assert!(with(&[call(4, 5, look(&two))]));
    // An old value after a new one.
    assert!(!with(&[call(4, 5, look(&one))]));
    assert!(with(&[call(0, 3, look(&one))]));
    // Two that both replaced the same.
    assert!(!with(&[call(2, 3, serve(&one))]));
}
