//! What the host remembers of its policies: replaced whole by each transaction, read without
//! waiting.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use signalbox_runtime::{Digest, Policies};

use crate::{
    Entry,
    edit::{Edit, Edits},
    policy_state::{Beside, PolicyState},
    shadow::Shadowed,
};

/// Everything remembered, at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    /// The last generation's number; also those of candidates count.
    pub(crate) last_generation: u64,
    pub(crate) last_entry: u64,
    /// The oldest first.
    pub(crate) history: VecDeque<Arc<Entry>>,
    pub(crate) policies: BTreeMap<String, PolicyState>,
    pub(crate) revoked: BTreeSet<Digest>,
}

impl Snapshot {
    /// What it is once a change is made, and `policies` decide.
    pub(crate) fn after(
        &self,
        edits: &Edits,
        policies: &Policies,
        entry: u64,
        now: Timestamp,
        keep: usize,
    ) -> Self {
        let mut book = self.clone();
        if let Some(digest) = edits.forbid {
            book.revoked.insert(digest);
        }
        for (name, edit) in &edits.edits {
            let Some(lane) = policies.get(name) else {
                continue;
            };
            let newest = lane.beside().map_or(lane.live(), |it| it.generation());
            book.last_generation = book.last_generation.max(newest.number());
            let standing = book.policies.entry(name.clone()).or_default();
            standing.changed_by = entry;
            standing.is_configured = true;
            match edit {
                Edit::Serve(loaded, service) => {
                    let served = Arc::clone(lane.live().served());
                    let live = standing.successor(service, served, now, loaded);
                    standing.drain_beside(entry, now);
                    standing.serve(live, entry, now);
                    standing.source = service.source.or(standing.source);
                    standing.accepted = service.accepted.or(standing.accepted);
                }
                Edit::Beside(loaded, candidacy, service) => {
                    standing.drain_beside(entry, now);
                    // Its source not: a candidate is no reason for a restart to pass that by.
                    standing.accepted = service.accepted.or(standing.accepted);
                    standing.beside = Some(Beside {
                        since: now,
                        loaded: loaded.clone(),
                        served: Arc::clone(newest.served()),
                        candidacy: candidacy.clone(),
                        service: service.clone(),
                    });
                }
                Edit::Promote => standing.promote(entry, now),
                Edit::Withdraw => standing.drain_beside(entry, now),
            }
        }
        let revoked = &book.revoked;
        for standing in book.policies.values_mut() {
            standing.kept.retain(|kept| !revoked.contains(&kept.digest));
            standing.kept.truncate(keep);
        }
        book
    }

    /// How a name stands, if it is known.
    pub(crate) fn standing(&self, name: &str) -> Option<&PolicyState> {
        self.policies.get(name)
    }

    /// The generation that serves a name.
    pub(crate) fn live(&self, name: &str) -> Option<u64> {
        Some(self.standing(name)?.live.as_ref()?.number())
    }

    /// Adds an entry; the oldest goes when there are too many.
    pub(crate) fn record(&mut self, entry: Arc<Entry>) {
        self.last_entry = self.last_entry.max(entry.number);
        self.history.push_back(entry);
        while self.history.len() > LONGEST_HISTORY {
            self.history.pop_front();
        }
    }

    /// Changes an entry that is still there.
    pub(crate) fn amend(&mut self, number: u64, change: impl FnOnce(&mut Entry)) {
        let entry = self.history.iter_mut().rev();
        if let Some(entry) = entry.into_iter().find(|entry| entry.number == number) {
            change(Arc::make_mut(entry));
        }
    }

    pub(crate) fn entry(&self, number: u64) -> Option<&Arc<Entry>> {
        self.history
            .iter()
            .rev()
            .find(|entry| entry.number == number)
    }

    /// The counts of the shadow of a name, if it still is that generation.
    pub(crate) fn shadowed(&self, name: &str, number: u64) -> Option<&Arc<Shadowed>> {
        let beside = self.policies.get(name)?.beside.as_ref()?;
        let shadowed = beside.candidacy.shadowed()?;
        (beside.number() == number).then_some(shadowed)
    }
}

/// Entries the history has.
const LONGEST_HISTORY: usize = 256;
