//! Who is told of what happens: operators, by readiness, metrics, records and traces, and clients, by
//! the headers of answers.

use std::sync::Arc;

use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::observe::prices::Prices;
use crate::observe::record::DecisionLog;
use crate::observe::traces::Traces;

/// Who is told of what happens. None of them decides anything.
#[derive(Debug)]
pub(crate) struct Observers {
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) records: DecisionLog,
    /// What tokens cost; `None` if the operator has not said.
    pub(crate) prices: Option<Prices>,
    /// Where spans go; `None` if nobody wants any.
    pub(crate) traces: Option<Traces>,
}
