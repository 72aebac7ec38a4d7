//! The end of a request, told once: to the metrics, the request log and the traces.

use std::time::Instant;

use http::HeaderValue;
use signalbox_gate::{AbortReason, End, Facts};

use super::RequestLog;
use crate::observe::metrics::Ending;
use crate::observe::record::Access;
use crate::observe::spent::Spent;
use crate::observe::traces::{Call, Ended};

/// What went where, and when.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// When the request went to GT, and to which host.
    pub(super) sent: Option<Instant>,
    pub(super) upstream: Option<HeaderValue>,
    /// When the answer's head was there, GT's or ours.
    pub(super) first_byte: Option<Instant>,
    pub(super) status: Option<u16>,
    /// Why there was no answer of GT, or no whole one.
    pub(super) failure: Option<&'static str>,
    pub(super) is_streamed: bool,
    pub(super) request_bytes: u64,
    pub(super) answer_bytes: u64,
    /// Where the decision is remembered.
    pub(super) record: Option<usize>,
}

impl RequestLog {
    /// The exchange is over.
    pub(super) fn ends(&self, facts: &Facts) {
        let now = Instant::now();
        let metrics = &self.observers.metrics;
        if let Some(sent) = self.flow.sent {
            metrics.upstream_time.observe(now - sent);
        }
        let ending = ending(facts.end());
        match &self.place {
            Some(place) => place.counters.with(facts, |route| route.count(ending)),
            None => metrics.unknown_route().count(ending),
        }
        let spent = self.spends(facts);
        let asks_usage = facts.asks_usage();
        if let Some(place) = self.flow.record.filter(|_| spent.is_some() || asks_usage) {
            let record = (place, facts.id());
            self.observers.records.ended(record, spent, asks_usage);
        }
        if self.observers.records.logs_access() {
            self.log(facts, now, (ending, spent));
        }
        if let (Some(trace), Some(traces)) = (&self.trace, &self.observers.traces) {
            traces.ended(&self.ended(facts, now, (ending, spent)), trace);
        }
    }

    fn ended<'t>(
        &'t self,
        facts: &'t Facts,
        now: Instant,
        (ending, spent): (Ending<'_>, Option<Spent>),
    ) -> Ended<'t> {
        let (records, flow) = (&self.observers.records, &self.flow);
        let (outcome, word) = ending.words();
        Ended {
            id: facts.id(),
            began: self.began,
            time: facts.time().into(),
            ended: now,
            client: facts.client(),
            address: records.shown_address(facts.client().address),
            method: facts.method(),
            template: facts.route().map(|route| route.template()),
            key: facts.key().map(|key| &*key.caller.id),
            policy: facts.policy().map(|policy| policy.decider()),
            model: facts.model().map(|name| records.shown_model(facts, name)),
            status: flow.status,
            outcome,
            code: code(facts.end(), word),
            bytes: [flow.request_bytes, flow.answer_bytes],
            tokens: spent.map(|spent| spent.tokens),
            call: Call {
                host: flow.upstream.as_ref().and_then(|host| host.to_str().ok()),
                failure: flow.failure,
            },
        }
    }

    fn log(&self, facts: &Facts, now: Instant, (ending, spent): (Ending<'_>, Option<Spent>)) {
        let (flow, client) = (&self.flow, facts.client());
        let (outcome, word) = ending.words();
        self.observers.records.log_access(&Access {
            id: facts.id(),
            key: facts.key().map(|key| &*key.caller.id),
            policy: facts.policy().map(|policy| policy.decider()),
            method: facts.method(),
            route: facts.route().map(|route| route.name()),
            model: facts.model(),
            is_model_listed: facts.is_model_listed(),
            notes: facts.notes(),
            status: flow.status,
            outcome,
            code: code(facts.end(), word),
            client: client.address,
            protocol: client.version,
            is_tls: client.is_tls,
            upstream: flow.upstream.as_ref().and_then(|host| host.to_str().ok()),
            is_streamed: flow.is_streamed,
            request_bytes: flow.request_bytes,
            answer_bytes: flow.answer_bytes,
            took: now - self.began,
            first_byte: flow.first_byte.map(|at| at - self.began),
            policy_time: facts.policy_time(),
            upstream_time: flow.sent.map(|sent| now - sent),
            spent,
        });
    }
}

/// The code as it was sent, where metrics have `policy` for a policy's own.
fn code<'f>(end: &'f End, word: &'static str) -> &'f str {
    match end {
        End::Refused(code) => code,
        _ => word,
    }
}

fn ending(end: &End) -> Ending<'_> {
    match end {
        End::Answered => Ending::Answered,
        End::Aborted(AbortReason::ClientStalled) => Ending::Abandoned,
        End::Aborted(_) => Ending::Broken,
        End::HandedOver => Ending::HandedOver,
        End::Forwarded(status) => Ending::Forwarded(*status),
        End::Open => Ending::Abandoned,
        // Tells the gate's codes from a policy's own by the word.
        End::Refused(code) => Ending::RefusedByPolicy(code),
    }
}
