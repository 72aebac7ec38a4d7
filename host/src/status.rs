//! What `/status` says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use signalbox_runtime::Generation;

/// What `/status` says.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The version of this build.
    pub version: &'static str,
    /// When the host started.
    pub started: Timestamp,
    /// For how long it has run.
    pub uptime_seconds: i64,
    /// `ready`, `degraded`, `starting` or `draining`.
    pub status: &'static str,
    /// What is wrong, by part.
    pub reasons: BTreeMap<String, String>,
    /// What serves.
    pub policies: Vec<PolicyStatus>,
    /// How many keys there are.
    pub keys: usize,
    /// What in the keyring looks like a mistake.
    pub warnings: Vec<String>,
    /// The names of the GT keys; never more of them.
    pub credentials: Vec<String>,
}

/// One policy that serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PolicyStatus {
    /// The name keys use.
    pub name: String,
    /// Its number.
    pub generation: u64,
    /// SHA-256 of the component.
    pub digest: String,
    /// What the policy calls itself.
    pub policy: String,
    /// The version the policy gives itself.
    pub version: String,
    /// Bytes of the component.
    pub size: usize,
    /// When it began to serve.
    pub loaded: Option<Timestamp>,
    /// Whether it is a known engine with tables.
    pub trusted: bool,
    /// How many routes it describes.
    pub routes: usize,
    /// How many names its catalogue has.
    pub models: usize,
}

impl PolicyStatus {
    /// What is known of a generation, and when it began to serve.
    #[must_use]
    pub fn of(generation: &Generation, loaded: Option<Timestamp>) -> Self {
        let (plugin, description) = (generation.plugin(), generation.description());
        Self {
            name: generation.name().to_owned(),
            generation: generation.number(),
            digest: generation.digest().to_string(),
            policy: description.name.clone(),
            version: description.version.clone(),
            size: plugin.size(),
            loaded,
            trusted: plugin.is_trusted(),
            routes: description.routes.len(),
            models: generation.catalogue().len(),
        }
    }
}
