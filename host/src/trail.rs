//! What is known of one request so far: for its answer's headers, the log and the metrics.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use signalbox_http::refusal::Refusal;
use signalbox_runtime::Generation;

use crate::answer::BrokenOff;
use crate::keyring::Key;
use crate::shared::Shared;
use crate::upstream::UpstreamError;
use crate::worker::Worker;

/// What is known of one request so far.
#[derive(Debug)]
pub(crate) struct Trail {
    shared: Arc<Shared>,
    id: String,
    pub(crate) key: Option<Arc<Key>>,
    pub(crate) generation: Option<Arc<Generation>>,
    pub(crate) upstream_status: Option<StatusCode>,
    cause: Option<&'static str>,
    asked: Duration,
    sent: u64,
}

impl Trail {
    pub(crate) fn new(worker: &Worker) -> Self {
        Self {
            shared: Arc::clone(&worker.shared),
            id: String::new(),
            key: None,
            generation: None,
            upstream_status: None,
            cause: None,
            asked: Duration::ZERO,
            sent: 0,
        }
    }

    /// A policy was asked.
    pub(crate) fn asked(&mut self, generation: &Arc<Generation>, took: Duration) {
        self.generation = Some(Arc::clone(generation));
        self.asked += took;
    }

    /// The policy, or what it decided, is at fault.
    pub(crate) fn failed(&mut self, cause: &'static str) {
        self.cause = Some(cause);
    }

    /// The policy refuses, for this reason.
    pub(crate) fn refused(&mut self, _reason: &str) {}

    pub(crate) fn upstream_failed(&mut self, error: &UpstreamError) {
        tracing::warn!(decision = %self.id, error = error as &dyn std::error::Error, "no answer");
    }

    /// The head of the answer is known.
    pub(crate) fn answered(&mut self, status: StatusCode, refusal: Option<&Refusal>) {
        tracing::info!(
            decision = %self.id,
            key = self.key.as_ref().map(|key| key.caller.id.as_str()),
            status = status.as_u16(),
            code = refusal.map(Refusal::code),
            cause = self.cause,
            "decided"
        );
    }

    /// Says in an answer which decision it comes from, and whose.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        let wanted = self.shared.config.answer_headers;
        if wanted.decision
            && let Ok(id) = HeaderValue::try_from(self.id.as_str())
        {
            headers.insert(DECISION, id);
        }
        if wanted.policy
            && let Some(generation) = &self.generation
            && let Ok(policy) =
                HeaderValue::try_from(format!("{}@{}", generation.name(), generation.number()))
        {
            headers.insert(POLICY, policy);
        }
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    pub(crate) fn broke_off(&mut self, why: BrokenOff) {
        tracing::warn!(decision = %self.id, sent = self.sent, "{why}");
    }
}

const DECISION: HeaderName = HeaderName::from_static("x-signalbox-decision");
const POLICY: HeaderName = HeaderName::from_static("x-signalbox-policy");
