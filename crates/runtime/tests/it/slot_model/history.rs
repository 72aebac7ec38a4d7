//! What was called and what came of it, and whether a slot that does one thing after the other
//! could have answered so.

use std::collections::BTreeMap;

use loom::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{Change, Plugin, Policies, Slot};

/// By name: the number of what serves, and of its candidate.
pub(super) type State = BTreeMap<String, (u64, Option<u64>)>;

pub(super) fn state(all: &[(&str, u64, Option<u64>)]) -> State {
    all.iter()
        .map(|(name, live, beside)| ((*name).to_owned(), (*live, *beside)))
        .collect()
}

/// A part of a change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Serve(&'static str),
    Remove(&'static str),
    Shadow(&'static str),
    Promote(&'static str),
    Withdraw(&'static str),
}

impl Step {
    fn add_to(self, change: Change) -> Change {
        match self {
            Self::Serve(name) => change.serve(name, Plugin),
            Self::Remove(name) => change.remove(name),
            Self::Shadow(name) => change.shadow(name, Plugin),
            Self::Promote(name) => change.promote(name),
            Self::Withdraw(name) => change.withdraw(name),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Serve(name)
            | Self::Remove(name)
            | Self::Shadow(name)
            | Self::Promote(name)
            | Self::Withdraw(name) => name,
        }
    }
}

/// One call, and when it began and ended.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) call: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// What was seen.
    Load(State),
    /// What served afterwards, or nothing if the change was not made.
    Commit {
        base: State,
        steps: Vec<Step>,
        answer: Option<State>,
    },
}

/// Calls of one thread. The clock is one of loom's, read and advanced in order: what a thread
/// begins after another's call ended, it begins knowing of it.
pub(super) struct History {
    clock: Arc<AtomicUsize>,
    pub(super) calls: Vec<Call>,
}

impl History {
    pub(super) fn new(clock: &Arc<AtomicUsize>) -> Self {
        Self {
            clock: Arc::clone(clock),
            calls: Vec::new(),
        }
    }

    pub(super) fn load(&mut self, slot: &Slot) -> std::sync::Arc<Policies> {
        let from = self.now();
        let policies = slot.load();
        let to = self.now();
        let call = What::Load(seen(&policies));
        self.calls.push(Call { from, to, call });
        policies
    }

    pub(super) fn commit(&mut self, slot: &Slot, base: &Policies, steps: &[Step]) {
        let change = steps
            .iter()
            .fold(Change::new(), |change, step| step.add_to(change));
        let from = self.now();
        let outcome = slot.commit(base, change);
        let to = self.now();
        let call = What::Commit {
            base: seen(base),
            steps: steps.to_vec(),
            answer: outcome.ok().map(|policies| seen(&policies)),
        };
        self.calls.push(Call { from, to, call });
    }

    fn now(&self) -> usize {
        self.clock.fetch_add(1, Ordering::AcqRel)
    }
}

fn seen(policies: &Policies) -> State {
    let lane = |lane: &super::Lane| {
        let beside = lane.beside().map(|beside| beside.generation().number());
        (lane.name().to_owned(), (lane.live().number(), beside))
    };
    policies.iter().map(lane).collect()
}

/// Whether the calls could have been made one after the other, with these answers: each after all
/// that had ended before it began.
pub(super) fn is_linear(last: u64, calls: &[Call]) -> bool {
    let spec = Spec {
        state: State::new(),
        last,
    };
    spec.explains(&calls.iter().collect::<Vec<_>>())
}

/// What a slot is to do, written down without any of its code.
#[derive(Clone)]
struct Spec {
    state: State,
    last: u64,
}

impl Spec {
    fn explains(&self, calls: &[&Call]) -> bool {
        let could_be_next = |call: &&&Call| calls.iter().all(|other| other.to >= call.from);
        calls.is_empty()
            || calls.iter().filter(could_be_next).any(|next| {
                let mut after = self.clone();
                let rest = || {
                    calls
                        .iter()
                        .copied()
                        .filter(|call| !std::ptr::eq(*call, *next))
                };
                after.answers(&next.call) && after.explains(&rest().collect::<Vec<_>>())
            })
    }

    fn answers(&mut self, call: &What) -> bool {
        match call {
            What::Load(seen) => self.state == *seen,
            What::Commit {
                base,
                steps,
                answer,
            } => {
                let next = self.after(base, steps);
                let is_it = next.as_ref().map(|next| &next.state) == answer.as_ref();
                if let Some(next) = next {
                    *self = next;
                }
                is_it
            }
        }
    }

    fn after(&self, base: &State, steps: &[Step]) -> Option<Self> {
        let is_as_it_was = |step: &Step| self.state.get(step.name()) == base.get(step.name());
        if !steps.iter().all(is_as_it_was) {
            return None;
        }
        let mut after = self.clone();
        for step in steps {
            let Self { state, last } = &mut after;
            let name = step.name();
            if matches!(step, Step::Serve(_) | Step::Shadow(_)) {
                *last += 1;
            }
            match step {
                Step::Serve(_) => {
                    state.insert(name.to_owned(), (*last, None));
                }
                Step::Remove(_) => {
                    state.remove(name);
                }
                Step::Shadow(_) => state.get_mut(name)?.1 = Some(*last),
                Step::Promote(_) => {
                    let lane = state.get_mut(name)?;
                    *lane = (lane.1?, None);
                }
                Step::Withdraw(_) => {
                    state.get_mut(name)?.1.take()?;
                }
            }
        }
        Some(after)
    }
}
