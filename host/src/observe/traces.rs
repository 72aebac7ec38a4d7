//! Traces: for each request that is sampled a server span, and below it a client span for GT.
//!
//! A client's own trace is continued if its `traceparent` is valid, and then it says whether the
//! request is sampled; else the host begins one, whose trace id is the decision id. Spans are made
//! when the request has ended, from what its request log knows, and handed to a thread of their own:
//! nothing waits for a collector, and what there is no room for is counted and dropped. No span
//! holds a secret or a prompt: what a client sent is shown as it is in records.

mod client;
mod context;
mod export;
mod open;
mod spans;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::trace::{SpanId, TraceId};

pub(crate) use open::OpenTrace;
pub(crate) use spans::{Call, Ended};

pub(crate) use client::Collector;
pub use client::CollectorError;

use crate::config::TraceSettings;
use crate::observe::metrics::Metrics;
use context::Parent;
use export::Exporter;
use signalbox_gate::{DecisionId, DecisionIds};

/// Where the spans of requests go.
#[derive(Debug)]
pub(crate) struct Traces {
    /// Of 2^63, how many trace ids are sampled.
    threshold: u64,
    spans: DecisionIds,
    exporter: Exporter,
}

impl Traces {
    /// Starts the exporting thread.
    ///
    /// # Errors
    /// If the collector cannot be spoken to as the settings have it, whether or not it is there.
    pub(crate) fn start(
        settings: &TraceSettings,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, CollectorError> {
        let parts = u128::from(settings.sample.ten_thousandths());
        Ok(Self {
            threshold: u64::try_from((parts << 63) / 10_000).unwrap_or(u64::MAX),
            spans: DecisionIds::default(),
            exporter: Exporter::start(settings, metrics.spans.clone())?,
        })
    }

    /// The trace of a request with this head; `None` if it is not sampled.
    pub(crate) fn begin(&self, headers: &HeaderMap, id: DecisionId) -> Option<Box<OpenTrace>> {
        let parent = Parent::of(headers);
        let (trace, is_sampled) = match &parent {
            Some(parent) => (parent.trace, parent.is_sampled),
            None => self.root(id),
        };
        is_sampled.then(|| Box::new(OpenTrace::new(trace, parent, self.span_id())))
    }

    /// Hands over the spans of a request that has ended. Never waits.
    pub(crate) fn ended(&self, ended: &Ended<'_>, trace: &OpenTrace) {
        self.exporter.take(spans::of(ended, trace));
    }

    /// An id for a span.
    pub(crate) fn span_id(&self) -> SpanId {
        // The lower half of 128 keyed bits. Zero is no id.
        let [.., a, b, c, d, e, f, g, h] = self.spans.next().bits().to_be_bytes();
        SpanId::from_bytes([
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h | u8::from([a, b, c, d, e, f, g] == [0; 7]),
        ])
    }

    /// Exports what waits, for so long at most.
    pub(crate) fn flush(&self, patience: Duration) {
        self.exporter.end(patience);
    }

    fn root(&self, id: DecisionId) -> (TraceId, bool) {
        let bytes = id.bits().to_be_bytes();
        let [.., a, b, c, d, e, f, g, h] = bytes;
        // The same rule as everywhere in OpenTelemetry: who else samples by trace id agrees.
        let point = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1;
        (TraceId::from_bytes(bytes), point < self.threshold)
    }
}

#[cfg(test)]
mod tests;
