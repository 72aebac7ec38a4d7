//! Log lines dropped because the reader was too slow.
//!
//! A process has one log, whoever writes it: so this is counted for the process.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// Counts them. For whoever writes the log of this process.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LostLines;

impl LostLines {
    /// Counts one.
    pub fn count() {
        LOST.fetch_add(1, Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn so_far() -> u64 {
        LOST.load(Relaxed)
    }
}

impl Collector for LostLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Log lines dropped because the reader was too slow";
        let metric =
            encoder.encode_descriptor("log_lines_lost", help, None, MetricType::Counter)?;
        ConstCounter::new(Self::so_far()).encode(metric)
    }
}

static LOST: AtomicU64 = AtomicU64::new(0);
