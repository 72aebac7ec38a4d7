//! What acts on a host while it runs.

use std::sync::Arc;

use signalbox_runtime::{LoadError, Plugin};

use crate::admin::Overview;
use crate::keyring::KeyringError;
use crate::metrics::Outcome;
use crate::reload;
use crate::server::load_options;
use crate::shared::Shared;
use crate::status::Status;

/// What acts on a host while it runs. Cheap to clone, and may outlive the host.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Loads a component and lets it serve under `name` from the next request on; gives its
    /// generation. Takes milliseconds to seconds: not for a thread that serves.
    ///
    /// # Errors
    /// If it does not load; then nothing changes.
    pub fn swap(&self, name: &str, component: &[u8]) -> Result<u64, LoadError> {
        let loaded = self
            .0
            .runtime
            .load(component, &load_options(&self.0.config));
        let result = if loaded.is_ok() {
            Outcome::Ok
        } else {
            Outcome::Error
        };
        self.0.metrics.swapped(result);
        loaded.map(|plugin| self.put(name, plugin))
    }

    /// Reads the keyring and the GT keys now.
    ///
    /// # Errors
    /// If the keyring cannot be used; then the last good one stays.
    pub fn reload_keys(&self) -> Result<(), KeyringError> {
        for (name, outcome) in self.0.credentials.reload() {
            reload::note_credential(&self.0, name, outcome);
        }
        let outcome = self.0.keys.reload();
        reload::note_keyring(&self.0, &outcome);
        outcome.map(drop)
    }

    /// How the host is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Every metric, as OpenMetrics text.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics()
    }

    /// How many requests are under way that a policy let through.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.0.gate.inside()
    }

    fn put(&self, name: &str, plugin: Plugin) -> u64 {
        let policies = self.0.swap(vec![(name.to_owned(), plugin)]);
        policies.get(name).map_or(0, |lane| lane.live().number())
    }
}
