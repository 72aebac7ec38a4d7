//! What acts on a host while it runs.

use std::sync::Arc;

use signalbox_swap::{
    Actor, Candidate, Failure, Mode, OpenAnswers, Order, Outcome, RollBack, Swaps, Trigger,
};

use crate::admin::Overview as _;
use crate::observe::status::Status;
use crate::policy_sources::reload;
use crate::server::shared::Shared;
use signalbox_gate::keyring::KeyringError;

/// What acts on a host while it runs. Cheap to clone, and may outlive the host.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// What serves, what can be gone back to, and everything that changes it.
    #[must_use]
    pub fn swaps(&self) -> &Swaps {
        &self.0.policies.swaps
    }

    /// Lets a component serve under `name` from the next request on, if it passes every check;
    /// gives its generation. Takes milliseconds to seconds: not for a thread that serves.
    ///
    /// # Errors
    /// If a step fails; then nothing changes.
    pub fn swap(&self, name: &str, component: &[u8]) -> Result<u64, Failure> {
        let order = Order {
            candidates: vec![Candidate {
                name: name.to_owned(),
                component: component.to_owned(),
                digest: None,
                statement: None,
                source: None,
                cases: None,
            }],
            mode: Mode::Serve,
            roll_back: RollBack::default(),
            open_answers: OpenAnswers::Keep,
            actor: Actor::new(Trigger::Embedder, "the embedding program"),
        };
        let entry = self.0.policies.swaps.swap(order, &mut |_| {});
        match entry.outcome {
            Outcome::Failed(failure) => Err(failure),
            _ => Ok(entry.policies.iter().find_map(|it| it.to).unwrap_or(0)),
        }
    }

    /// Reads the keyring and the GT keys now.
    ///
    /// # Errors
    /// If the keyring cannot be used; then the last good one stays.
    pub fn reload_keys(&self) -> Result<(), KeyringError> {
        reload::keys(&self.0)
    }

    /// Reads everything again, as SIGHUP does: the keyring, the GT keys, the operator's cases, and
    /// policy files, those that did not pass before among them. Registries are looked at soon
    /// after. What cannot be used changes nothing but readiness. Takes milliseconds to seconds.
    pub fn reload(&self) {
        reload::everything(&self.0);
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
        self.0.gate.capacity().requests.inside()
    }
}
