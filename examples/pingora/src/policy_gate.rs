//! What all requests of a proxy share.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use pingora::connectors::http::Connector;
use signalbox_gate::Gate;

use crate::model_lists::ModelLists;
use crate::times::Times;

/// A gate for the hooks of a proxy; all requests share it.
pub struct PolicyGate {
    pub(crate) gate: Arc<Gate>,
    /// What GT is called in `host`.
    pub(crate) host: HeaderValue,
    pub(crate) times: Times,
    pub(crate) lists: ModelLists,
    /// For the one question of the gate's own: GT's list of models.
    pub(crate) connector: Connector,
}

impl PolicyGate {
    /// A gate before the GT that is called `host`, with its port if that is not the scheme's.
    #[must_use]
    pub fn new(gate: Arc<Gate>, host: HeaderValue) -> Self {
        Self {
            gate,
            host,
            times: Times::default(),
            lists: ModelLists::default(),
            connector: Connector::new(None),
        }
    }

    /// The same with other times.
    #[must_use]
    pub const fn with_times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// The gate: its policies, its keyring and its GT keys are replaced by its handles.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }
}

impl fmt::Debug for PolicyGate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PolicyGate")
            .field("gate", &self.gate)
            .field("host", &self.host)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
