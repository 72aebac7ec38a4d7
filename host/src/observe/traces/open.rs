//! The trace of a request under way.

use std::time::Instant;

use http::uri::Authority;
use opentelemetry::trace::{SpanId, TraceId};
use signalbox_gate::TraceHeaders;

use super::context::{self, Parent};

/// A sampled request's place in its trace.
#[derive(Debug)]
pub(crate) struct OpenTrace {
    pub(super) trace: TraceId,
    pub(super) parent: Option<Parent>,
    pub(super) server: SpanId,
    pub(super) sent: Vec<Sent>,
    /// The path as it may be shown.
    pub(crate) path: String,
    /// The name of this host that the client used.
    pub(crate) host: Option<Authority>,
}

/// A request to GT: there may be a second, for what another GT key may know.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) span: SpanId,
    pub(super) at: Instant,
    /// The name that GT publishes.
    pub(super) model: Option<String>,
    pub(super) status: Option<u16>,
    /// When the next one began.
    pub(super) until: Option<Instant>,
}

impl OpenTrace {
    pub(super) const fn new(trace: TraceId, parent: Option<Parent>, server: SpanId) -> Self {
        Self {
            trace,
            parent,
            server,
            sent: Vec::new(),
            path: String::new(),
            host: None,
        }
    }

    /// The head of GT's answer is here.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(sent) = self.sent.last_mut() {
            sent.status = Some(status);
        }
    }

    /// The request is about to go to GT: its span begins, and GT is told of it. What a client
    /// says with `tracestate` belongs to the trace it named, and goes with it only.
    pub(crate) fn sends(
        &mut self,
        span: SpanId,
        model: Option<String>,
        headers: &mut TraceHeaders<'_>,
    ) {
        let at = Instant::now();
        if let Some(before) = self.sent.last_mut() {
            before.until = Some(at);
        }
        self.sent.push(Sent {
            span,
            at,
            model,
            status: None,
            until: None,
        });
        if let Some(traceparent) = context::traceparent(self.trace, span) {
            headers.set_parent(traceparent);
        }
        if self.parent.is_none() {
            headers.remove_state();
        }
    }
}
