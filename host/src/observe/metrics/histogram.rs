//! A histogram that many threads write without a lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Durations in buckets. A reader may see one observation in a bucket and not yet in the sum: the
/// next scrape has both.
#[derive(Clone, Debug)]
pub(crate) struct Durations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Upper bounds in nanoseconds, and how many fell under each and above the one before.
    buckets: Box<[(u64, AtomicU64)]>,
    above: AtomicU64,
    sum_nanos: AtomicU64,
}

impl Durations {
    /// A histogram with these upper bounds, in ascending order.
    pub(super) fn new(bounds: &[Duration]) -> Self {
        let bucket = |bound: &Duration| (nanos(*bound), AtomicU64::new(0));
        Self(Arc::new(Inner {
            buckets: bounds.iter().map(bucket).collect(),
            above: AtomicU64::new(0),
            sum_nanos: AtomicU64::new(0),
        }))
    }

    /// Counts one.
    pub(crate) fn observe(&self, duration: Duration) {
        let nanos = nanos(duration);
        let bucket = self.0.buckets.iter().find(|(bound, _)| nanos <= *bound);
        bucket
            .map_or(&self.0.above, |(_, count)| count)
            .fetch_add(1, Relaxed);
        self.0.sum_nanos.fetch_add(nanos, Relaxed);
    }
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let mut buckets: Vec<(f64, u64)> = self
            .0
            .buckets
            .iter()
            .map(|(bound, count)| (seconds(*bound), count.load(Relaxed)))
            .collect();
        buckets.push((f64::INFINITY, self.0.above.load(Relaxed)));
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = seconds(self.0.sum_nanos.load(Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}
