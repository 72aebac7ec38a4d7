//! What all workers share.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_runtime::DecisionPool;
use signalbox_swap::Swaps;

use crate::budget::Budget;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::doors::PolicySources;
use crate::health::Health;
use crate::jwt::{self, Issuers};
use crate::keyring::{Key, Keys};
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::record::Records;
use crate::tls::ClientTls;
use crate::traces::Traces;
use crate::upstream::Hosts;

/// What all workers share: each part is read without waiting.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) keys: Arc<Keys>,
    pub(crate) jwt: Option<Issuers>,
    /// The certificate shown to clients; without one they are spoken to in plaintext.
    pub(crate) tls: Option<ClientTls>,
    pub(crate) credentials: Arc<Credentials>,
    /// GT's.
    pub(crate) hosts: Arc<Hosts>,
    /// What serves, and everything that changes it.
    pub(crate) swaps: Swaps,
    /// Where policies come from.
    pub(crate) sources: Arc<PolicySources>,
    pub(crate) pool: DecisionPool,
    pub(crate) memory: Arc<Budget>,
    pub(crate) disk: Arc<Budget>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) records: Records,
    /// Where spans go; `None` if nobody wants any.
    pub(crate) traces: Option<Traces>,
    pub(crate) started: Timestamp,
}

impl Shared {
    /// The key of a token: of a JWT where there are issuers, else of the keyring. Never of both, so
    /// that no token means two things.
    pub(crate) fn key_of(&self, token: &str, now: Timestamp) -> Option<Arc<Key>> {
        let keyring = self.keys.current();
        match &self.jwt {
            Some(issuers) if jwt::is_one(token) => issuers.key_of(token, &keyring, now),
            _ => keyring.lookup(token).map(Arc::clone),
        }
    }
}
