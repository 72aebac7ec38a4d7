//! The step `keep`, and everything else that is written down.
//!
//! Objects first, then the file that names them, then the store: whenever the process is killed,
//! the next start finds a policy, whole.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use signalbox_runtime::Digest;
use tracing::warn;

use crate::{
    Failure, Remembered, RememberedGeneration, RememberedPolicy, StateError, Step, error_chain,
    history::TARGET,
    policy_state::{KeptGeneration, Last, PolicyState},
    shared::Shared,
    snapshot::Snapshot,
    transaction_recorder::{StepError, TransactionRecorder},
};

impl Shared {
    /// Writes down what is to be, before it is.
    pub(crate) fn keep(
        &self,
        book: &Snapshot,
        objects: &[Vec<u8>],
        walk: &mut TransactionRecorder<'_>,
    ) -> Result<(), Failure> {
        let Some(state) = &self.settings.state else {
            return Ok(());
        };
        walk.step(Step::Keep, None, || {
            for object in objects {
                state.keep(object).map_err(|error| wrong(&error))?;
            }
            state.write(&book.remembered()).map_err(|error| {
                // It may be there all the same: nothing was changed, so nothing may say so.
                self.put_right(&self.book());
                wrong(&error)
            })?;
            Ok(((), None))
        })
    }

    /// Writes down what is, after something else was written down.
    pub(crate) fn put_right(&self, book: &Snapshot) {
        if let Some(state) = &self.settings.state
            && let Err(error) = state.write(&book.remembered())
        {
            warn!(target: TARGET, error = error_chain(&error), "the state names what does not serve");
            // The controller tries again.
            self.unwritten.store(true, Ordering::Release);
        }
    }

    /// Writes down what has changed since it was written down last, and forgets the components
    /// that nothing needs any more. Gives whether that worked.
    pub(crate) fn write_down(&self) -> bool {
        let Some(state) = &self.settings.state else {
            return true;
        };
        if !self.unwritten.load(Ordering::Acquire) {
            return true;
        }
        let _storing = self.storing();
        self.unwritten.store(false, Ordering::Release);
        let book = self.book();
        let written = state
            .write(&book.remembered())
            .and_then(|()| state.sweep(&book.objects()));
        if let Err(error) = written {
            self.unwritten.store(true, Ordering::Release);
            warn!(target: TARGET, error = error_chain(&error), help = error.help(), "the history is not written down");
            return false;
        }
        true
    }

    /// A component of an earlier process.
    pub(crate) fn component(&self, digest: Digest) -> Result<Vec<u8>, StepError> {
        let Some(state) = &self.settings.state else {
            let message = format!("component {digest} is not kept here");
            return Err(StepError::new(message, "swap it in again"));
        };
        state.component(&digest).map_err(|error| wrong(&error))
    }
}

fn wrong(error: &StateError) -> StepError {
    StepError::of(error, error.help())
}

impl Snapshot {
    /// What an earlier process remembered.
    pub(crate) fn recall(remembered: Remembered) -> Self {
        let mut history = remembered.history;
        history.sort_by_key(|entry| entry.number);
        let policies = remembered.policies.into_iter();
        Self {
            last_generation: remembered.last_generation,
            last_entry: remembered.last_entry,
            history: history.into_iter().map(Into::into).collect(),
            policies: policies
                .map(|(name, policy)| (name, PolicyState::recall(policy)))
                .collect(),
            revoked: remembered.revoked,
        }
    }

    pub(crate) fn remembered(&self) -> Remembered {
        let policies = self.policies.iter();
        Remembered {
            last_generation: self.last_generation,
            last_entry: self.last_entry,
            policies: policies
                .map(|(name, standing)| (name.clone(), standing.remembered()))
                .collect(),
            revoked: self.revoked.clone(),
            history: self
                .history
                .iter()
                .rev()
                .map(|entry| (**entry).clone())
                .collect(),
        }
    }

    /// The components that something may need.
    fn objects(&self) -> BTreeSet<Digest> {
        let of = |standing: &PolicyState| {
            let live = standing.live.iter().map(|live| live.loaded.digest());
            let beside = standing.beside.iter().map(|it| it.loaded.digest());
            let last = standing.last.iter().map(|it| it.generation.digest);
            let kept = standing.kept.iter().map(|kept| kept.digest);
            live.chain(beside)
                .chain(last)
                .chain(kept)
                .collect::<Vec<_>>()
        };
        self.policies.values().flat_map(of).collect()
    }
}

impl PolicyState {
    fn recall(policy: RememberedPolicy) -> Self {
        let mut until = policy.live.map(|live| live.since);
        let kept = policy.kept.into_iter().map(|kept| {
            // What came after it tells when it ended.
            let ended = until.replace(kept.since).unwrap_or(kept.since);
            KeptGeneration {
                number: kept.generation,
                digest: kept.digest,
                policy: String::new(),
                version: String::new(),
                since: kept.since,
                until: ended,
                from_source: kept.from_source,
                loaded: None,
            }
        });
        Self {
            kept: kept.collect(),
            source: policy.source,
            accepted: policy.accepted,
            last: policy.live.map(|generation| Last {
                generation,
                roll_back: policy.roll_back,
            }),
            ..Self::default()
        }
    }

    fn remembered(&self) -> RememberedPolicy {
        let live = self.live.as_ref().map(|live| RememberedGeneration {
            digest: live.loaded.digest(),
            generation: live.number(),
            since: live.since,
            from_source: live.from_source,
        });
        let last = self.last.map(|last| last.generation);
        let roll_back = self.live.as_ref().map(|live| live.roll_back);
        RememberedPolicy {
            live: live.or(last),
            source: self.source,
            accepted: self.accepted,
            roll_back: roll_back
                .or(self.last.map(|last| last.roll_back))
                .unwrap_or_default(),
            kept: self
                .kept
                .iter()
                .map(|kept| RememberedGeneration {
                    digest: kept.digest,
                    generation: kept.number,
                    since: kept.since,
                    from_source: kept.from_source,
                })
                .collect(),
        }
    }
}
