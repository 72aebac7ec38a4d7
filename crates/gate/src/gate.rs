//! What all exchanges of a gate share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use http::{HeaderMap, Version};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_swap::Swaps;

use crate::auth::authenticator::Authenticator;
use crate::auth::credentials::Credentials;
use crate::auth::keyring::Key;
use crate::auth::rate_limit::ConcurrencyLimit;
use crate::body::budget::{Budget, Reservation};
use crate::clock::Clock;
use crate::facts::Facts;
use crate::plan::facts::Revision;
use crate::policy::route_table::RouteTables;
use crate::request::client::{Client, Peer};
use crate::request::forwarded;
use crate::response::decision_id::DecisionIds;
use crate::response::model_lists::ModelLists;
use crate::settings::Settings;

/// What all exchanges of a gate share: who may ask, what decides, and how much is taken on at a time.
pub struct Gate {
    /// Which of all gates of the process: nothing of one is taken for another's.
    number: u64,
    settings: Settings,
    authenticator: Arc<Authenticator>,
    credentials: Arc<Credentials>,
    policies: Swaps,
    clock: Arc<dyn Clock>,
    capacity: Capacity,
    ids: DecisionIds,
    tables: RouteTables,
    lists: ModelLists,
}

/// How much a gate takes on at a time, all keys together.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Bytes held in memory; a key holds at most a quarter.
    pub memory: Arc<Budget>,
    /// Bytes held on disk; a key holds at most a quarter.
    pub disk: Arc<Budget>,
    /// Requests at a time.
    pub requests: Arc<ConcurrencyLimit>,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            memory: Budget::new(512 << 20),
            disk: Budget::new(4 << 30),
            // Responses of minutes at hundreds of requests a second.
            requests: ConcurrencyLimit::new(4_096),
        }
    }
}

impl Gate {
    /// Whether the key of an exchange may still be used. Whoever has shown none loses none.
    #[must_use]
    pub fn still_admits(&self, facts: &Facts) -> bool {
        let now = || self.clock().wall();
        let admits = |key: &Arc<Key>| self.authenticator().still_admits(key, now());
        facts.key().is_none_or(admits)
    }

    /// A gate whose policies, keys and GT keys may be replaced while it is in use.
    #[must_use]
    pub fn new(
        settings: Settings,
        capacity: Capacity,
        authenticator: Arc<Authenticator>,
        credentials: Arc<Credentials>,
        policies: Swaps,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            number: NUMBERS.fetch_add(1, Relaxed),
            capacity,
            ids: DecisionIds::default(),
            tables: RouteTables::default(),
            lists: ModelLists::default(),
            settings,
            authenticator,
            credentials,
            policies,
            clock,
        })
    }

    /// Who sent a request over a connection from `peer`.
    #[must_use]
    pub fn client_of(&self, peer: Peer, headers: &HeaderMap, version: Version) -> Client {
        forwarded::client_of(&self.settings.forwarded, peer, headers, version)
    }

    /// What it was told.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Who may ask.
    #[must_use]
    pub const fn authenticator(&self) -> &Arc<Authenticator> {
        &self.authenticator
    }

    /// The GT keys.
    #[must_use]
    pub const fn credentials(&self) -> &Arc<Credentials> {
        &self.credentials
    }

    /// What decides, and everything that changes it.
    #[must_use]
    pub const fn policies(&self) -> &Swaps {
        &self.policies
    }

    /// How much it takes on at a time.
    #[must_use]
    pub const fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// What plans depend on and no request says, as it is now.
    pub(crate) fn revision(&self) -> Revision {
        Revision {
            gate: self.number,
            keyring: self.authenticator.keyring_revision(),
            credentials: self.credentials.revision(),
        }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) const fn model_lists(&self) -> &ModelLists {
        &self.lists
    }

    pub(crate) const fn ids(&self) -> &DecisionIds {
        &self.ids
    }

    pub(crate) const fn tables(&self) -> &RouteTables {
        &self.tables
    }

    /// The largest JSON body a key may send.
    pub(crate) fn json_limit(&self, key: &Key) -> u64 {
        self.settings.json_body.min(key.limits.body.bytes())
    }

    /// The largest body that streams a key may send.
    pub(crate) fn upload_limit(&self, key: &Key) -> u64 {
        let limit = self.settings.upload_body;
        let own = key.limits.upload.map_or(limit, |own| own.bytes());
        own.min(limit)
    }

    pub(crate) fn memory_for(&self, key: &Key) -> Result<Reservation, Refusal> {
        let reserved = self.capacity.memory.reserve(key.usage.memory(), 0);
        reserved.map_err(|_spent| Refusal::of(Code::Overloaded))
    }

    pub(crate) fn disk_for(&self, key: &Key) -> Result<Reservation, Refusal> {
        let reserved = self.capacity.disk.reserve(key.usage.disk(), 0);
        reserved.map_err(|_spent| Refusal::of(Code::Overloaded))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Gate")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
