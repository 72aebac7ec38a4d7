//! What is told of a request that Envoy sends, and this host processes.

use std::time::Instant;

use http::{HeaderValue, StatusCode};
use signalbox_ext_proc::StreamObserver;
use signalbox_gate::AbortReason;

use super::RequestLog;

impl StreamObserver for RequestLog {
    fn forwards(&mut self, host: &HeaderValue) {
        Self::forwards(self, Some(host), Instant::now());
    }

    fn took_in(&mut self, bytes: u64) {
        Self::took_in(self, bytes);
    }

    fn first_byte(&mut self, status: StatusCode) {
        let host = self.flow.upstream.take();
        let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
        Self::first_byte(self, status, &host);
    }

    fn responds(&mut self, status: StatusCode) {
        Self::responds(self, status);
    }

    fn sent(&mut self, bytes: usize) {
        Self::sent(self, bytes);
    }

    fn passed_on(&mut self, oversized: u64) {
        Self::passed_on(self, oversized);
    }

    fn broke_off(&mut self, reason: AbortReason) {
        Self::broke_off(self, reason);
    }

    fn upstream_failed(&mut self, cause: &'static str) {
        self.flow.failure = Some(cause);
        self.observers.metrics.upstream_failed(cause);
        tracing::warn!(decision = %self.id, cause, "no answer from the upstream, as the proxy says");
    }

    fn misconfigured(&mut self, why: &'static str) {
        tracing::error!(
            why,
            "the proxy is not configured as it has to be: see `signalbox check --envoy`"
        );
    }
}
