//! What the host remembers of its policies: replaced whole by each transaction, read without
//! waiting.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use signalbox_runtime::{Digest, Plugin, Policies, Served};

use crate::{
    Accepted, Entry, Role, RollBack,
    access::Compared,
    edit::{Candidacy, Edit, Edits, Service},
    keep::Last,
    shadow::Shadowed,
};

/// Everything remembered, at one moment.
#[derive(Clone, Default)]
pub(crate) struct Book {
    /// The last generation's number; also those of candidates count.
    pub(crate) last_generation: u64,
    pub(crate) last_entry: u64,
    /// The oldest first.
    pub(crate) history: VecDeque<Arc<Entry>>,
    pub(crate) policies: BTreeMap<String, Standing>,
    pub(crate) revoked: BTreeSet<Digest>,
}

/// How one policy name stands.
#[derive(Clone, Default)]
pub(crate) struct Standing {
    pub(crate) live: Option<Live>,
    pub(crate) beside: Option<Beside>,
    /// What can be gone back to, newest first; no digest twice, and not the live one's.
    pub(crate) kept: Vec<KeptGeneration>,
    pub(crate) draining: Vec<Drain>,
    /// The source that was taken over last.
    pub(crate) source: Option<Digest>,
    /// The newest signed statement that was accepted.
    pub(crate) accepted: Option<Accepted>,
    /// What served when an earlier process ended, as long as nothing does in this one.
    pub(crate) last: Option<Last>,
    /// Whether this host has the policy, and does not only remember it.
    pub(crate) is_configured: bool,
    /// The entry of the transaction that changed it last; 0 for none.
    pub(crate) changed_by: u64,
    /// The last entry whose `watch` step is told.
    pub(crate) watched: u64,
}

/// A component as it was loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) plugin: Plugin,
    /// The tables of a trusted one.
    pub(crate) tables: Option<Arc<[u8]>>,
}

/// What serves.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) number: u64,
    pub(crate) since: Timestamp,
    pub(crate) loaded: Loaded,
    /// Its counts, from its store on.
    pub(crate) served: Option<Arc<Served>>,
    pub(crate) from_source: bool,
    pub(crate) roll_back: RollBack,
    pub(crate) origin: Origin,
}

/// How a generation came into service.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Nothing served before it.
    First,
    /// In place of another one, with which it was compared.
    After { before: Before, compared: Compared },
    /// By going back, by hand or not.
    Back,
    /// From the state of an earlier process.
    Restart,
}

/// What served before.
#[derive(Clone)]
pub(crate) struct Before {
    pub(crate) number: u64,
    pub(crate) digest: Digest,
    pub(crate) served: Option<Arc<Served>>,
}

/// A candidate beside what serves.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) number: u64,
    pub(crate) since: Timestamp,
    pub(crate) loaded: Loaded,
    pub(crate) served: Option<Arc<Served>>,
    pub(crate) candidacy: Candidacy,
    pub(crate) service: Service,
}

/// What can be gone back to.
#[derive(Clone)]
pub(crate) struct KeptGeneration {
    pub(crate) number: u64,
    pub(crate) digest: Digest,
    pub(crate) policy: String,
    pub(crate) version: String,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) from_source: bool,
    /// Not yet, if it was kept by an earlier process.
    pub(crate) loaded: Option<Loaded>,
}

/// What served, or was beside what serves, and is not quite gone.
#[derive(Clone)]
pub(crate) struct Drain {
    pub(crate) served: Arc<Served>,
    pub(crate) until: Timestamp,
    /// The entry whose steps wait for it.
    pub(crate) entry: u64,
    /// Whether that entry says that it has ended.
    pub(crate) told: bool,
}

impl Book {
    /// What it will be after a change, if the numbers go on by one each.
    pub(crate) fn after(&self, edits: &Edits, entry: u64, now: Timestamp, keep: usize) -> Self {
        let mut book = self.clone();
        if let Some(digest) = edits.forbid {
            book.revoked.insert(digest);
        }
        for (name, edit) in &edits.edits {
            let mut number = || {
                book.last_generation += 1;
                book.last_generation
            };
            let standing = book.policies.entry(name.clone()).or_default();
            standing.changed_by = entry;
            standing.is_configured = true;
            match edit {
                Edit::Serve(loaded, service) => {
                    let live = service.live(number(), now, loaded, standing);
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
                        number: number(),
                        since: now,
                        loaded: loaded.clone(),
                        served: None,
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

    /// Joins what the slot made of a change to what was to become of it.
    pub(crate) fn attach(&mut self, policies: &Policies) {
        for lane in policies.iter() {
            let Some(standing) = self.policies.get_mut(lane.name()) else {
                continue;
            };
            let (live, beside) = (lane.live(), lane.beside());
            if let Some(known) = &mut standing.live {
                known.number = live.number();
                known.served = Some(Arc::clone(live.served()));
            }
            if let Some((known, beside)) = standing.beside.as_mut().zip(beside) {
                known.number = beside.generation().number();
                known.served = Some(Arc::clone(beside.generation().served()));
            }
            let last = beside.map_or(0, |beside| beside.generation().number());
            self.last_generation = self.last_generation.max(live.number()).max(last);
        }
    }

    /// How a name stands, if it is known.
    pub(crate) fn standing(&self, name: &str) -> Option<&Standing> {
        self.policies.get(name)
    }

    /// The generation that serves a name.
    pub(crate) fn live(&self, name: &str) -> Option<u64> {
        Some(self.standing(name)?.live.as_ref()?.number)
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
        (beside.number == number).then_some(shadowed)
    }
}

impl Standing {
    /// The generation that came last.
    pub(crate) fn newest(&self) -> Option<u64> {
        let live = self.live.as_ref().map(|live| live.number);
        self.beside.as_ref().map(|beside| beside.number).or(live)
    }

    /// Whether a digest serves, decides beside what serves, or can be gone back to.
    pub(crate) fn uses(&self, digest: Digest) -> bool {
        let live = self.live.as_ref().map(|live| &live.loaded);
        let beside = self.beside.as_ref().map(|beside| &beside.loaded);
        let kept = self.kept.iter().map(|kept| kept.digest);
        let loaded = live.into_iter().chain(beside).map(Loaded::digest);
        loaded.chain(kept).any(|used| used == digest)
    }

    fn serve(&mut self, live: Live, entry: u64, now: Timestamp) {
        let digest = live.loaded.plugin.digest();
        if let Some(old) = self.live.replace(live) {
            self.keep(&old, now);
            self.drain(old.served, entry, now);
        }
        if let Some(last) = self.last.take() {
            self.kept.insert(0, last.kept(now));
        }
        self.kept.retain(|kept| kept.digest != digest);
    }

    fn promote(&mut self, entry: u64, now: Timestamp) {
        let Some(beside) = self.beside.take() else {
            return;
        };
        let mut live = beside
            .service
            .live(beside.number, now, &beside.loaded, self);
        live.served = beside.served;
        self.serve(live, entry, now);
        self.source = beside.service.source.or(self.source);
    }

    fn keep(&mut self, old: &Live, now: Timestamp) {
        let plugin = &old.loaded.plugin;
        self.kept.retain(|kept| kept.digest != plugin.digest());
        let kept = KeptGeneration {
            number: old.number,
            digest: plugin.digest(),
            policy: plugin.description().name.clone(),
            version: plugin.description().version.clone(),
            since: old.since,
            until: now,
            from_source: old.from_source,
            loaded: Some(old.loaded.clone()),
        };
        self.kept.insert(0, kept);
    }

    fn drain_beside(&mut self, entry: u64, now: Timestamp) {
        if let Some(beside) = self.beside.take() {
            self.drain(beside.served, entry, now);
        }
    }

    fn drain(&mut self, served: Option<Arc<Served>>, entry: u64, now: Timestamp) {
        self.draining.extend(served.map(|served| Drain {
            served,
            until: now,
            entry,
            told: false,
        }));
    }
}

impl Beside {
    pub(crate) const fn role(&self) -> Role {
        match &self.candidacy {
            Candidacy::Shadow(_) => Role::Shadow,
            Candidacy::Canary(share) => Role::Canary {
                share: share.ten_thousandths(),
            },
        }
    }
}

impl Loaded {
    pub(crate) fn digest(&self) -> Digest {
        self.plugin.digest()
    }
}

/// Entries the history has.
const LONGEST_HISTORY: usize = 256;
