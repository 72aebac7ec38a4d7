//! What acts on a host while it runs.

use std::sync::Arc;

use signalbox_runtime::{LoadError, Plugin};

use crate::health::Readiness;
use crate::keyring::KeyringError;
use crate::server::load_options;
use crate::shared::Shared;

/// What acts on a host while it runs. Cheap to clone, and may outlive the host.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

/// One policy that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Serving {
    /// The name keys use.
    pub name: String,
    /// The generation's number.
    pub generation: u64,
    /// SHA-256 of its component, in hex.
    pub digest: String,
    /// Whether it decides on the workers' own threads.
    pub is_inline: bool,
}

/// How a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What `/readyz` says.
    pub readiness: Readiness,
    /// Every policy that serves.
    pub policies: Vec<Serving>,
    /// Requests under way.
    pub requests: u32,
}

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
        let plugin = self.0.runtime.load(component, &load_options(&self.0.config))?;
        Ok(self.put(name, plugin))
    }

    /// Reads the keyring and the GT keys now.
    ///
    /// # Errors
    /// If the keyring cannot be used; then the last good one stays.
    pub fn reload_keys(&self) -> Result<(), KeyringError> {
        for (name, outcome) in self.0.credentials.reload() {
            if let Err(error) = outcome {
                tracing::error!(name, error = &error as &dyn std::error::Error, "kept a GT key");
            }
        }
        self.0.keys.reload().map(drop)
    }

    /// How the host is.
    #[must_use]
    pub fn status(&self) -> Status {
        let serving = |generation: &Arc<signalbox_runtime::Generation>| Serving {
            name: generation.name().to_owned(),
            generation: generation.number(),
            digest: generation.digest().to_string(),
            is_inline: generation.is_inline(),
        };
        Status {
            readiness: self.0.health.readiness(),
            policies: self.0.slot.load().iter().map(serving).collect(),
            requests: self.0.gate.inside(),
        }
    }

    fn put(&self, name: &str, plugin: Plugin) -> u64 {
        let policies = self.0.slot.swap(vec![(name.to_owned(), Some(plugin))]);
        policies.get(name).map_or(0, |generation| generation.number())
    }
}
