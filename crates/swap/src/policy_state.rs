//! How one policy name stands: what serves, what decides beside it, what can be gone back to.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_runtime::{Digest, GenerationStats};

use crate::{
    Accepted, RememberedGeneration, Role, RollBack,
    access::Compared,
    edit::{Arrival, CandidateRole, Service},
    loaded::Loaded,
};

/// How one policy name stands.
#[derive(Clone, Default)]
pub(crate) struct PolicyState {
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

/// What serves.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) since: Timestamp,
    pub(crate) loaded: Loaded,
    /// Its number and its counts.
    pub(crate) served: Arc<GenerationStats>,
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
    pub(crate) digest: Digest,
    pub(crate) served: Arc<GenerationStats>,
}

/// A candidate beside the live policy.
#[derive(Clone)]
pub(crate) struct Beside {
    pub(crate) since: Timestamp,
    pub(crate) loaded: Loaded,
    pub(crate) served: Arc<GenerationStats>,
    pub(crate) candidacy: CandidateRole,
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

/// What served, or was beside the live policy, and is not quite gone.
#[derive(Clone)]
pub(crate) struct Drain {
    pub(crate) served: Arc<GenerationStats>,
    pub(crate) until: Timestamp,
    /// The entry whose steps wait for it.
    pub(crate) entry: u64,
    /// Whether that entry says that it has ended.
    pub(crate) told: bool,
}

/// What served when an earlier process ended, and does not yet in this one.
#[derive(Clone, Copy)]
pub(crate) struct Last {
    pub(crate) generation: RememberedGeneration,
    pub(crate) roll_back: RollBack,
}

impl PolicyState {
    /// The generation that came last.
    pub(crate) fn newest(&self) -> Option<u64> {
        let live = self.live.as_ref().map(Live::number);
        self.beside.as_ref().map(Beside::number).or(live)
    }

    /// Whether a digest serves, decides beside the live policy, or can be gone back to.
    pub(crate) fn uses(&self, digest: Digest) -> bool {
        let live = self.live.as_ref().map(|live| &live.loaded);
        let beside = self.beside.as_ref().map(|beside| &beside.loaded);
        let kept = self.kept.iter().map(|kept| kept.digest);
        let loaded = live.into_iter().chain(beside).map(Loaded::digest);
        loaded.chain(kept).any(|used| used == digest)
    }

    /// What serves on these terms, after what is live now.
    pub(crate) fn successor(
        &self,
        service: &Service,
        served: Arc<GenerationStats>,
        since: Timestamp,
        loaded: &Loaded,
    ) -> Live {
        let before = self.live.as_ref().map(|live| Before {
            digest: live.loaded.digest(),
            served: Arc::clone(&live.served),
        });
        let origin = match (&service.arrival, before) {
            (Arrival::Back, _) => Origin::Back,
            (Arrival::Restart { .. }, _) => Origin::Restart,
            (Arrival::Candidate(Some(compared)), Some(before)) => Origin::After {
                before,
                compared: compared.clone(),
            },
            (Arrival::Candidate(_), _) => Origin::First,
        };
        Live {
            since,
            loaded: loaded.clone(),
            served,
            from_source: match service.arrival {
                Arrival::Restart { from_source } => from_source,
                Arrival::Back | Arrival::Candidate(_) => service.source.is_some(),
            },
            roll_back: service.roll_back,
            origin,
        }
    }

    pub(crate) fn serve(&mut self, live: Live, entry: u64, now: Timestamp) {
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

    pub(crate) fn promote(&mut self, entry: u64, now: Timestamp) {
        let Some(beside) = self.beside.take() else {
            return;
        };
        let live = self.successor(&beside.service, beside.served, now, &beside.loaded);
        self.serve(live, entry, now);
        self.source = beside.service.source.or(self.source);
    }

    fn keep(&mut self, old: &Live, now: Timestamp) {
        let plugin = &old.loaded.plugin;
        self.kept.retain(|kept| kept.digest != plugin.digest());
        let kept = KeptGeneration {
            number: old.number(),
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

    pub(crate) fn drain_beside(&mut self, entry: u64, now: Timestamp) {
        if let Some(beside) = self.beside.take() {
            self.drain(beside.served, entry, now);
        }
    }

    fn drain(&mut self, served: Arc<GenerationStats>, entry: u64, now: Timestamp) {
        self.draining.push(Drain {
            served,
            until: now,
            entry,
            told: false,
        });
    }
}

impl Live {
    pub(crate) fn number(&self) -> u64 {
        self.served.number()
    }
}

impl Beside {
    pub(crate) fn number(&self) -> u64 {
        self.served.number()
    }

    pub(crate) const fn role(&self) -> Role {
        match &self.candidacy {
            CandidateRole::Shadow(_) => Role::Shadow,
            CandidateRole::Canary(share) => Role::Canary {
                share: share.ten_thousandths(),
            },
        }
    }
}

impl Last {
    /// What is left of it when something else serves.
    pub(crate) const fn kept(self, until: Timestamp) -> KeptGeneration {
        KeptGeneration {
            number: self.generation.generation,
            digest: self.generation.digest,
            policy: String::new(),
            version: String::new(),
            since: self.generation.since,
            until,
            from_source: self.generation.from_source,
            loaded: None,
        }
    }
}
