//! What all workers share.

use std::sync::Arc;

use signalbox_runtime::{DecisionPool, Runtime, Slot};

use crate::budget::Budget;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::health::Health;
use crate::keyring::Keys;
use crate::limits::Gate;

/// What all workers share: each part is read without waiting.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) slot: Slot,
    pub(crate) runtime: Runtime,
    pub(crate) pool: DecisionPool,
    pub(crate) budget: Arc<Budget>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) health: Arc<Health>,
}
