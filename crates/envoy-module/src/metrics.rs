//! What is counted, in Envoy's own stats.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use signalbox_gate::{Code, End};
use signalbox_swap::{Entry, Outcome};

use crate::abi::{ConfigHandle, ConfigScheduler, CounterId, Stream};
use crate::error::ConfigError;

/// The counters of one configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    requests: CounterId,
    policy_failures: CounterId,
    swaps: CounterId,
    reloads: CounterId,
}

/// What was counted outside of Envoy's threads.
#[derive(Debug)]
pub(crate) struct Tally {
    swaps_done: AtomicU64,
    swaps_failed: AtomicU64,
    reloads_done: AtomicU64,
    reloads_failed: AtomicU64,
    main_thread: Option<ConfigScheduler>,
}

impl Counters {
    /// Defines them, under `signalbox_…`.
    pub(crate) fn define(handle: &ConfigHandle<'_>) -> Result<Self, ConfigError> {
        let define = |name, labels: &[&str]| {
            let counter = handle.define_counter(name, labels);
            counter.ok_or(ConfigError::Counters)
        };
        Ok(Self {
            requests: define("signalbox_requests_total", &["outcome", "code"])?,
            policy_failures: define("signalbox_policy_failures_total", &["cause"])?,
            swaps: define("signalbox_swaps_total", &["result"])?,
            reloads: define("signalbox_reloads_total", &["result"])?,
        })
    }

    /// A request has ended.
    pub(crate) fn ended(&self, stream: &Stream<'_>, end: &End) {
        let (outcome, code) = match end {
            // Nobody waits for its response any more.
            End::Open => ("abandoned", "none"),
            End::Answered => ("answered", "none"),
            End::Aborted(reason) => ("aborted", reason.cause()),
            // The module hands nothing over: it forwards.
            End::Forwarded(_) | End::HandedOver => ("forwarded", "none"),
            End::Refused(code) => ("refused", bounded(code)),
        };
        stream.count(self.requests, &[outcome, code]);
    }

    /// A policy had no answer.
    pub(crate) fn policy_failed(&self, stream: &Stream<'_>, cause: &'static str) {
        stream.count(self.policy_failures, &[cause]);
    }

    /// Counts what was done outside of Envoy's threads.
    pub(crate) fn settle(&self, handle: &ConfigHandle<'_>, tally: &Tally) {
        let count = |counter, result, tally: &AtomicU64| match tally.swap(0, Relaxed) {
            0 => {}
            by => handle.count(counter, &[result], by),
        };
        count(self.swaps, "ok", &tally.swaps_done);
        count(self.swaps, "error", &tally.swaps_failed);
        count(self.reloads, "ok", &tally.reloads_done);
        count(self.reloads, "error", &tally.reloads_failed);
    }
}

impl Tally {
    pub(crate) fn new(handle: &ConfigHandle<'_>) -> Self {
        Self {
            swaps_done: AtomicU64::new(0),
            swaps_failed: AtomicU64::new(0),
            reloads_done: AtomicU64::new(0),
            reloads_failed: AtomicU64::new(0),
            main_thread: handle.scheduler(),
        }
    }

    pub(crate) fn swapped(&self, entry: &Entry) {
        self.add(match entry.outcome {
            Outcome::Failed(_) => &self.swaps_failed,
            _ => &self.swaps_done,
        });
    }

    pub(crate) fn reloaded(&self, is_done: bool) {
        self.add(match is_done {
            true => &self.reloads_done,
            false => &self.reloads_failed,
        });
    }

    fn add(&self, to: &AtomicU64) {
        to.fetch_add(1, Relaxed);
        if let Some(main_thread) = &self.main_thread {
            main_thread.commit();
        }
    }
}

/// A code of the gate's own; a policy may have any, which are counted together.
fn bounded(code: &str) -> &'static str {
    let known = Code::ALL.iter().map(|known| known.word());
    known
        .into_iter()
        .find(|known| *known == code)
        .unwrap_or("of_policy")
}
