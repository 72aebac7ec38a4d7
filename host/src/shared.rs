//! What all workers share, and what the admin listener shows of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use signalbox_runtime::{Change, DecisionPool, Generation, Lane, Plugin, Policies, Runtime, Slot};

use crate::admin::Overview;
use crate::budget::Budget;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::health::{Health, Readiness};
use crate::keyring::Keys;
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::record::{DecisionId, Records};
use crate::status::{PolicyStatus, Status};

/// What all workers share: each part is read without waiting.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) slot: Slot,
    pub(crate) runtime: Runtime,
    pub(crate) pool: DecisionPool,
    pub(crate) memory: Arc<Budget>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) records: Records,
    pub(crate) started: Timestamp,
    /// When each generation began to serve.
    pub(crate) loaded: Mutex<HashMap<u64, Timestamp>>,
}

impl Shared {
    /// Lets plugins serve, all in one store.
    pub(crate) fn swap(&self, plugins: Vec<(String, Plugin)>) -> Arc<Policies> {
        let mut change = Change::new();
        for (name, plugin) in plugins {
            change = change.serve(name, plugin);
        }
        // Another swap may come between; the last one wins.
        let policies = loop {
            let base = self.slot.load();
            if let Ok(policies) = self.slot.commit(&base, change.clone()) {
                break policies;
            }
        };
        let now = Timestamp::now();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let mut serving = HashMap::new();
        for generation in policies.iter().map(Lane::live) {
            let since = loaded.get(&generation.number()).copied().unwrap_or(now);
            serving.insert(generation.number(), since);
        }
        *loaded = serving;
        policies
    }

    fn policies(&self) -> Vec<PolicyStatus> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let status = |generation: &Arc<Generation>| {
            PolicyStatus::of(generation, loaded.get(&generation.number()).copied())
        };
        self.slot
            .load()
            .iter()
            .map(Lane::live)
            .map(status)
            .collect()
    }
}

impl Overview for Shared {
    fn readiness(&self) -> Readiness {
        self.health.readiness()
    }

    fn status(&self) -> Status {
        let readiness = self.health.readiness();
        let keyring = self.keys.current();
        Status {
            version: env!("CARGO_PKG_VERSION"),
            started: self.started,
            uptime_seconds: Timestamp::now().duration_since(self.started).as_secs(),
            status: readiness.status,
            reasons: readiness.reasons,
            policies: self.policies(),
            keys: keyring.len(),
            warnings: keyring.warnings().to_vec(),
            credentials: self.credentials.names().map(str::to_owned).collect(),
        }
    }

    fn metrics(&self) -> String {
        let is_degraded = self.health.readiness().status == "degraded";
        self.metrics.set_keys(self.keys.current().len());
        self.metrics.render(&self.policies(), is_degraded)
    }

    fn decision(&self, id: DecisionId) -> Option<serde_json::Value> {
        self.records.find(id)
    }
}
