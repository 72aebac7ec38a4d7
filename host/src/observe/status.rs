//! What `/status` says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use signalbox_swap::{Draining, PolicyOverview, Role};

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
    /// Policies for which nothing serves: their keys are refused.
    pub idle: Vec<String>,
    /// How many keys there are.
    pub keys: usize,
    /// SHA-256 of the keyring's text as it was taken over.
    pub keyring_sha256: String,
    /// The issuers of JWTs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jwt: Vec<IssuerStatus>,
    /// What in the keyring looks like a mistake.
    pub warnings: Vec<String>,
    /// The names of the GT keys; never more of them.
    pub credentials: Vec<String>,
    /// GT's hosts.
    pub upstreams: Vec<UpstreamStatus>,
}

/// How an issuer stands, for operators.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct IssuerStatus {
    /// What it is called here.
    pub name: String,
    /// How many of its keys can be used.
    pub keys: usize,
    /// How long ago they were read; nothing if they never were.
    pub age_seconds: Option<i64>,
}

/// One of GT's hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpstreamStatus {
    /// GT's base there.
    pub url: String,
    /// Whether requests go to it.
    pub used: bool,
    /// Open connections.
    pub connections: usize,
}

/// One policy that serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
    /// What decides beside it.
    pub beside: Option<BesideStatus>,
    /// What served before it and is not quite gone.
    pub draining: Vec<Draining>,
}

/// What decides beside the live policy, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BesideStatus {
    /// In what role.
    #[serde(flatten)]
    pub role: Role,
    /// Its number.
    pub generation: u64,
    /// SHA-256 of the component.
    pub digest: String,
}

impl PolicyStatus {
    /// How a policy stands; `None` if nothing serves for it.
    #[must_use]
    pub fn of(policy: &PolicyOverview) -> Option<Self> {
        let live = policy.live.as_ref()?;
        Some(Self {
            name: policy.name.clone(),
            generation: live.generation,
            digest: live.digest.clone(),
            policy: live.policy.clone(),
            version: live.version.clone(),
            size: live.size,
            loaded: Some(live.since),
            trusted: live.trusted,
            routes: live.routes,
            models: live.models,
            beside: policy.beside.as_ref().map(|beside| BesideStatus {
                role: beside.role,
                generation: beside.candidate.generation,
                digest: beside.candidate.digest.clone(),
            }),
            draining: policy.draining.clone(),
        })
    }
}
