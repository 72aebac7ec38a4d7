//! How signatures of JWTs are checked.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::histogram::Durations;

/// How signatures of JWTs are checked.
#[derive(Clone, Debug)]
pub(crate) struct SignatureMetrics {
    /// Those that were checked, right or wrong.
    pub checked: Counter,
    pub(super) waiting: Gauge,
    /// From a request with a new token to what came of it.
    pub wait: Durations,
}

impl SignatureMetrics {
    /// Says how many wait for their turn.
    pub(crate) fn waiting(&self, count: usize) {
        self.waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

impl Default for SignatureMetrics {
    fn default() -> Self {
        Self {
            checked: Counter::default(),
            waiting: Gauge::default(),
            wait: Durations::new(&BOUNDS),
        }
    }
}

/// One check takes up to 2 ms; nobody waits for longer than 30 s.
const BOUNDS: [Duration; 9] = [
    Duration::from_micros(250),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_500),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
