//! What is told of one request: to the metrics, the decision log, the request log and the traces.
//!
//! It lives as long as the response and tells of the request when the exchange is over, so that a
//! request is counted and logged once however it ends. It decides nothing.

mod ending;
mod streamed;
mod tokens;

use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use signalbox_gate::{
    AbortReason, Facts, Observer, OwnHosts, PlanNotes, Record, Rejection, TraceHeaders,
};
use signalbox_http::refusal::Refusal;
use signalbox_swap::error_chain;

use crate::listener::client_io::Exchange;
use crate::observe::metrics::OpenGuard;
use crate::observe::observers::Observers;
use crate::observe::route_counters::RouteCounters;
use crate::observe::traces::OpenTrace;
use crate::server::worker::InFlight;
use ending::Flow;

/// What is told of one request.
#[derive(Debug)]
pub(crate) struct RequestLog {
    observers: Arc<Observers>,
    id: signalbox_gate::DecisionId,
    began: Instant,
    /// If the request is sampled.
    trace: Option<Box<OpenTrace>>,
    flow: Flow,
    place: Option<Place>,
    open_stream: Option<OpenGuard>,
    _open: OpenGuard,
}

/// A request's place on its worker and its connection, until it has ended.
#[derive(Debug)]
pub(crate) struct Place {
    counters: Rc<RouteCounters>,
    _in_flight: InFlight,
    _exchange: Exchange,
}

impl Place {
    pub(crate) const fn new(
        counters: Rc<RouteCounters>,
        in_flight: InFlight,
        exchange: Exchange,
    ) -> Self {
        Self {
            counters,
            _in_flight: in_flight,
            _exchange: exchange,
        }
    }
}

impl RequestLog {
    /// A request begins, or something that never becomes one and has no `place`.
    pub(crate) fn new(observers: &Arc<Observers>, place: Option<Place>) -> Self {
        Self {
            id: signalbox_gate::DecisionId::default(),
            began: Instant::now(),
            trace: None,
            flow: Flow::default(),
            place,
            open_stream: None,
            _open: observers.metrics.requests_open.open(),
            observers: Arc::clone(observers),
        }
    }

    /// The request goes to GT now, to this `host` if there is but one.
    pub(crate) fn forwards(&mut self, host: Option<&HeaderValue>, now: Instant) {
        self.flow.sent = Some(now);
        self.flow.upstream = host.cloned();
    }

    /// GT gave no answer.
    pub(crate) fn upstream_failed(&mut self, cause: &'static str, error: &dyn Error) {
        self.flow.failure = Some(cause);
        self.observers.metrics.upstream_failed(cause);
        let error = error_chain(error);
        tracing::warn!(decision = %self.id, cause, error, "no answer from the upstream");
    }

    /// GT is not waited for any more.
    pub(crate) fn cut(&self, why: AbortReason) {
        self.observers.metrics.upstream_failed(why.cause());
    }

    /// The head of GT's answer is here; it came from this `host`.
    pub(crate) fn first_byte(&mut self, status: StatusCode, host: &HeaderValue) {
        self.flow.upstream = Some(host.clone());
        if let Some(trace) = &mut self.trace {
            trace.answered(status.as_u16());
        }
        let now = Instant::now();
        self.flow.first_byte = Some(now);
        if let Some(sent) = self.flow.sent {
            self.observers
                .metrics
                .upstream_first_byte
                .observe(now - sent);
        }
    }

    /// GT's answer was passed on to its end.
    pub(crate) fn passed_on(&self, skipped: u64) {
        self.observers.metrics.restamp_skipped.inc_by(skipped);
    }

    /// An answer broke off after it had begun.
    pub(crate) fn broke_off(&mut self, why: AbortReason) {
        self.flow.failure = Some(why.cause());
        if why == AbortReason::ClientStalled {
            tracing::debug!(decision = %self.id, "a client took nothing of its answer for too long");
            return;
        }
        self.observers.metrics.upstream_failed(why.cause());
        tracing::warn!(decision = %self.id, cause = why.cause(), "an answer broke off");
    }

    /// Bytes of the client's body went to GT.
    pub(crate) fn took_in(&mut self, bytes: u64) {
        self.flow.request_bytes += bytes;
        self.observers.metrics.request_bytes.inc_by(bytes);
    }

    /// Bytes went to the client.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.flow.answer_bytes += bytes as u64;
        self.observers.metrics.answer_bytes.inc_by(bytes as u64);
    }

    /// The head of the response is ready.
    pub(crate) fn responds(&mut self, status: StatusCode) {
        let first_byte = *self.flow.first_byte.get_or_insert_with(Instant::now);
        let took = first_byte - self.began;
        self.observers.metrics.first_byte.observe(took);
        self.flow.status = Some(status.as_u16());
    }
}

impl Observer for RequestLog {
    fn began(&mut self, facts: &Facts, own_hosts: &OwnHosts, head: &Parts) {
        self.id = facts.id();
        let traces = self.observers.traces.as_ref();
        self.trace = traces.and_then(|traces| traces.begin(&head.headers, self.id));
        if let Some(trace) = &mut self.trace {
            trace.path = self.observers.records.shown_path(head.uri.path());
            let host = head.headers.get(header::HOST);
            // Any name but ours stays out of traces.
            trace.host = host
                .and_then(|host| host.to_str().ok())
                .filter(|host| own_hosts.contain(host))
                .and_then(|host| host.parse().ok());
        }
    }

    fn policy_asked(&mut self, took: Duration) {
        self.observers.metrics.policy_time.observe(took);
    }

    fn decided(&mut self, record: &Record<'_>) {
        self.flow.record = self.observers.records.add(record);
    }

    fn decided_by_plan(&mut self, record: &Record<'_>, notes: &PlanNotes) {
        self.flow.record = self.observers.records.add_planned(record, notes);
    }

    fn refused(&mut self, rejection: &Rejection) {
        if let Rejection::Failed { cause, .. } = rejection {
            self.observers.metrics.policy_failed(cause);
        }
    }

    fn sends(&mut self, facts: &Facts, model: Option<&str>, trace: &mut TraceHeaders<'_>) {
        if let (Some(open), Some(traces)) = (&mut self.trace, &self.observers.traces) {
            let model = model.map(|published| match facts.model() {
                // A pattern publishes what the client wrote.
                Some(name) if name == published => self.observers.records.shown_model(facts, name),
                _ => published.to_owned(),
            });
            open.sends(traces.span_id(), model, trace);
        }
    }

    fn response_refused(&mut self, refusal: &Refusal) {
        self.upstream_failed("answer", refusal);
    }

    fn streams(&mut self) {
        self.flow.is_streamed = true;
        self.open_stream = Some(self.observers.metrics.streams_open.open());
    }

    fn finished(&mut self, facts: &Facts) {
        self.ends(facts);
    }
}
