//! What decides for a key at one moment.

use std::sync::Arc;

use signalbox_http::refusal::{Code, Refusal};
use signalbox_runtime::{Beside, Generation, Policies};

use crate::auth::keyring::Key;
use crate::gate::Gate;
use crate::policy::route_table::RouteTable;

/// What decides for a key at one moment.
#[derive(Debug)]
pub(crate) struct LivePolicy {
    policies: Arc<Policies>,
    pub(crate) generation: Arc<Generation>,
    pub(crate) table: Arc<RouteTable>,
    /// What is asked beside it, in vain.
    pub(crate) shadow: Option<Arc<Generation>>,
}

impl LivePolicy {
    /// # Errors
    /// 503 where nothing decides.
    pub(crate) fn of(gate: &Gate, key: &Key) -> Result<Self, Refusal> {
        let policies = gate.policies().slot().load();
        let lane = policies.get(&key.policy);
        let lane = lane.ok_or_else(|| Refusal::of(Code::NoPolicy))?;
        let generation = Arc::clone(lane.for_caller(&key.caller.id));
        let shadow = match lane.beside() {
            Some(Beside::Shadow(shadow)) => Some(Arc::clone(shadow)),
            Some(Beside::Canary(..)) | None => None,
        };
        Ok(Self {
            table: gate.tables().of(&generation),
            generation,
            shadow,
            policies,
        })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.generation.number()
    }

    /// Whether it still decides for the key.
    ///
    /// # Errors
    /// 503 where nothing does.
    pub(crate) fn still_decides(&self, gate: &Gate, key: &Key) -> Result<bool, Refusal> {
        // While the policies are held, none others are in their memory.
        if Arc::ptr_eq(&self.policies, &gate.policies().slot().load()) {
            return Ok(true);
        }
        Ok(Self::of(gate, key)?.number() == self.number())
    }
}
