//! What a transaction is about to do to what serves.

use std::sync::Arc;

use signalbox_runtime::{Change, Digest, TrafficShare};

use crate::{Accepted, Access, RollBack, access::Compared, loaded::Loaded, shadow::Shadowed};

/// Every edit of one transaction, which are done in one store or not at all.
#[derive(Default)]
pub(crate) struct Edits {
    pub(crate) edits: Vec<(String, Edit)>,
    /// The components in it that were not here before.
    pub(crate) objects: Vec<Vec<u8>>,
    /// A digest that never serves again.
    pub(crate) forbid: Option<Digest>,
}

/// What is done to one name.
pub(crate) enum Edit {
    Serve(Loaded, Service),
    Beside(Loaded, CandidateRole, Service),
    Promote,
    Withdraw,
}

/// On what terms a component serves, or will when it is promoted.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) roll_back: RollBack,
    pub(crate) arrival: Arrival,
    pub(crate) source: Option<Digest>,
    pub(crate) accepted: Option<Accepted>,
}

/// How a component comes.
#[derive(Clone)]
pub(crate) enum Arrival {
    /// As a candidate that was compared with the live policy, if anything did.
    Candidate(Option<Compared>),
    /// As something that served before.
    Back,
    /// From an earlier process; whether it was made of its source then.
    Restart { from_source: bool },
}

/// In what role a candidate decides beside the live policy.
#[derive(Clone)]
pub(crate) enum CandidateRole {
    Shadow(Arc<Shadowed>),
    Canary(TrafficShare),
}

impl Edits {
    /// The change of the slot.
    pub(crate) fn change(&self) -> Change {
        self.edits
            .iter()
            .fold(Change::new(), |change, (name, edit)| match edit {
                Edit::Serve(loaded, _) => change.serve(name, loaded.plugin.clone()),
                Edit::Beside(loaded, CandidateRole::Shadow(_), _) => {
                    change.shadow(name, loaded.plugin.clone())
                }
                Edit::Beside(loaded, CandidateRole::Canary(share), _) => {
                    change.canary(name, loaded.plugin.clone(), *share)
                }
                Edit::Promote => change.promote(name),
                Edit::Withdraw => change.withdraw(name),
            })
    }
}

impl Service {
    /// Something that comes back: it is never rolled back automatically.
    pub(crate) const fn back() -> Self {
        Self {
            roll_back: RollBack::UnlessNarrower,
            arrival: Arrival::Back,
            source: None,
            accepted: None,
        }
    }

    /// How it was compared with the live policy.
    pub(crate) const fn compared(&self) -> Option<&Compared> {
        match &self.arrival {
            Arrival::Candidate(compared) => compared.as_ref(),
            Arrival::Back | Arrival::Restart { .. } => None,
        }
    }

    /// What was found.
    pub(crate) fn access(&self) -> Option<&Access> {
        self.compared().map(|compared| &compared.access)
    }
}

impl CandidateRole {
    pub(crate) const fn shadowed(&self) -> Option<&Arc<Shadowed>> {
        match self {
            Self::Shadow(shadowed) => Some(shadowed),
            Self::Canary(_) => None,
        }
    }
}
