//! The thread that exports spans, and the queue in front of it.
//!
//! The queue is bounded, and what does not fit is dropped and counted: a collector that is slow or
//! gone costs traces, never a request. Its failures are logged once a minute at most.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use signalbox_swap::error_chain;
use tokio::runtime::{self, Runtime};

use super::client::{Collector, CollectorError};
use crate::config::TraceSettings;
use crate::observe::metrics::Spans;

/// Where spans are handed over.
#[derive(Debug)]
pub(super) struct Exporter {
    queue: SyncSender<Item>,
    ended: Mutex<Receiver<()>>,
    spans: Spans,
}

enum Item {
    Spans(Vec<SpanData>),
    /// Nothing comes any more; what waits has until then.
    End(Instant),
}

impl Exporter {
    pub(super) fn start(settings: &TraceSettings, spans: Spans) -> Result<Self, CollectorError> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CollectorError::Thread)?;
        let collector = Collector::new(settings)?;
        let mut exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.url())
            .with_timeout(settings.timeout.duration())
            .with_http_client(collector)
            .build()
            .map_err(CollectorError::Exporter)?;
        exporter.set_resource(
            &Resource::builder_empty()
                .with_service_name(settings.service_name.clone())
                .build(),
        );
        let (queue, waiting) = sync_channel(settings.queue);
        let (end, ended) = sync_channel(1);
        let export = Export {
            runtime,
            exporter,
            waiting,
            spans: spans.clone(),
            quiet_until: None,
            unsaid: 0,
        };
        thread::Builder::new()
            .name("signalbox-traces".to_owned())
            .spawn(move || {
                export.run();
                // Nobody waits if the host was dropped.
                let _ = end.try_send(());
            })
            .map_err(CollectorError::Thread)?;
        Ok(Self {
            queue,
            ended: Mutex::new(ended),
            spans,
        })
    }

    /// Takes the spans of one request, or drops them. Never waits.
    pub(super) fn take(&self, spans: Vec<SpanData>) {
        let count = spans.len() as u64;
        if self.queue.try_send(Item::Spans(spans)).is_err() {
            self.spans.dropped.inc_by(count);
        }
    }

    /// Waits until everything is exported, for so long at most.
    pub(super) fn end(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        // A full queue moves on with each export, or not at all.
        while self.queue.try_send(Item::End(deadline)).is_err() {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(LOOK);
        }
        let ended = self.ended.lock();
        if let Ok(ended) = ended {
            let _ = ended.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// The thread's own.
struct Export {
    runtime: Runtime,
    exporter: opentelemetry_otlp::SpanExporter,
    waiting: Receiver<Item>,
    spans: Spans,
    quiet_until: Option<Instant>,
    unsaid: u64,
}

impl Export {
    fn run(mut self) {
        let mut batch = Vec::new();
        let mut end = None;
        while end.is_none() {
            end = self.collect(&mut batch);
            while !batch.is_empty() {
                let rest = batch.split_off(batch.len().min(MOST_SPANS));
                self.export(std::mem::replace(&mut batch, rest), end);
            }
        }
    }

    /// Takes spans until there are enough or enough time has passed. Gives the end if there is one.
    fn collect(&self, batch: &mut Vec<SpanData>) -> Option<Instant> {
        let due = Instant::now() + INTERVAL;
        while batch.len() < MOST_SPANS {
            let patience = due.saturating_duration_since(Instant::now());
            match self.waiting.recv_timeout(patience) {
                Ok(Item::Spans(spans)) => batch.extend(spans),
                Ok(Item::End(deadline)) => {
                    self.collect_rest(batch);
                    return Some(deadline);
                }
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => return Some(Instant::now() + INTERVAL),
            }
        }
        None
    }

    fn collect_rest(&self, batch: &mut Vec<SpanData>) {
        loop {
            match self.waiting.try_recv() {
                Ok(Item::Spans(spans)) => batch.extend(spans),
                Ok(Item::End(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn export(&mut self, batch: Vec<SpanData>, end: Option<Instant>) {
        let count = batch.len() as u64;
        if end.is_some_and(|end| end <= Instant::now()) {
            self.spans.dropped.inc_by(count);
            return;
        }
        let exporter = &self.exporter;
        match self.runtime.block_on(exporter.export(batch)) {
            Ok(()) => {
                self.spans.exported.inc_by(count);
            }
            Err(error) => {
                self.spans.failed.inc_by(count);
                self.unsaid += count;
                self.complain(&error);
            }
        }
    }

    fn complain(&mut self, error: &dyn std::error::Error) {
        let now = Instant::now();
        if self.quiet_until.is_some_and(|until| now < until) {
            return;
        }
        self.quiet_until = Some(now + QUIET);
        let spans = std::mem::take(&mut self.unsaid);
        tracing::warn!(
            error = error_chain(error),
            spans,
            "the collector did not take spans"
        );
    }
}

/// What the OpenTelemetry SDKs send at once.
const MOST_SPANS: usize = 512;
/// A trace is seen about a second after its request.
const INTERVAL: Duration = Duration::from_secs(1);
/// Between two complaints about the collector.
const QUIET: Duration = Duration::from_secs(60);
/// How often a full queue is tried when the host ends.
const LOOK: Duration = Duration::from_millis(10);
