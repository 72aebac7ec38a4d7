//! What serves under each name, and what may be beside it.

use std::{collections::BTreeMap, sync::Arc};

use super::{Generation, TrafficShare};

/// What serves at one moment.
#[derive(Debug, Default)]
pub struct Policies {
    pub(super) lanes: BTreeMap<String, Lane>,
}

impl Policies {
    /// What serves under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Lane> {
        self.lanes.get(name)
    }

    /// What serves, in the order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Lane> {
        self.lanes.values()
    }
}

/// What serves under one name, and the candidate beside it if there is one.
#[derive(Clone, Debug)]
pub struct Lane {
    pub(super) live: Arc<Generation>,
    pub(super) beside: Option<Beside>,
}

impl Lane {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.live.name()
    }

    /// What serves.
    #[must_use]
    pub const fn live(&self) -> &Arc<Generation> {
        &self.live
    }

    /// The candidate, if there is one.
    #[must_use]
    pub const fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// What decides for a caller: the canary if the caller is in its share, else what serves.
    #[must_use]
    pub fn for_caller(&self, caller: &str) -> &Arc<Generation> {
        match &self.beside {
            Some(Beside::Canary(canary, share)) if share.takes(self.name(), caller) => canary,
            _ => &self.live,
        }
    }
}

/// A candidate beside the live policy.
///
/// Exhaustive on purpose: whoever asks it must know what to do with each.
#[derive(Clone, Debug)]
pub enum Beside {
    /// It is asked for every request, and its decisions are thrown away.
    Shadow(Arc<Generation>),
    /// It decides for a share of the callers.
    Canary(Arc<Generation>, TrafficShare),
}

impl Beside {
    /// The candidate.
    #[must_use]
    pub const fn generation(&self) -> &Arc<Generation> {
        match self {
            Self::Shadow(generation) | Self::Canary(generation, _) => generation,
        }
    }
}
