//! Things that are open for a while, and bytes that are held.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};

use signalbox_gate::Budget;

/// How many of something are open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open(pub(super) Gauge);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenGuard(Gauge);

/// Connections of one side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    pub(super) open: Open,
    pub(super) total: Counter,
}

/// Spans by what became of them.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    /// The collector took them.
    pub exported: Counter,
    /// It did not, or was not there.
    pub failed: Counter,
    /// There was no room for them.
    pub dropped: Counter,
}

impl Open {
    /// Counts one more.
    #[must_use]
    pub(crate) fn open(&self) -> OpenGuard {
        self.0.inc();
        OpenGuard(self.0.clone())
    }
}

impl Connections {
    /// Counts one more.
    #[must_use]
    pub(crate) fn open(&self) -> OpenGuard {
        self.total.inc();
        self.open.open()
    }
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Reads the budgets when they are asked for.
#[derive(Debug)]
pub(super) struct HeldBytes(pub(super) [(&'static str, Arc<Budget>); 2]);

impl Collector for HeldBytes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut write = |name, help, value: fn(&Budget) -> u64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            self.0.iter().try_for_each(|(place, budget)| {
                let value = i64::try_from(value(budget)).unwrap_or(i64::MAX);
                ConstGauge::new(value).encode(metric.encode_family(&[("where", *place)])?)
            })
        };
        write("held_bytes", "Bytes held", Budget::held)?;
        write("held_bytes_limit", "Bytes that may be held", Budget::total)
    }
}
