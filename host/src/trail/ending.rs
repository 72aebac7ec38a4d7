//! The end of a request, told once: to the metrics and the access log.

use std::time::Instant;

use http::HeaderValue;

use super::{Told, Trail};
use crate::metrics::Ending;
use crate::record::Access;
use crate::traces::{Call, Ended};

/// How the request ended, as far as it has.
#[derive(Debug)]
pub(super) enum End {
    /// No answer yet, or GT's answer is still being passed on.
    Open,
    Answered,
    Broken,
    Forwarded(u16),
    Refused(String),
}

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
}

impl End {
    /// The code as it was sent, where metrics have `policy` for a policy's own.
    fn code(&self, word: &'static str) -> &str {
        match self {
            Self::Refused(code) => code,
            _ => word,
        }
    }

    fn ending(&self) -> Ending<'_> {
        match self {
            Self::Answered => Ending::Answered,
            Self::Broken => Ending::Broken,
            Self::Forwarded(status) => Ending::Forwarded(*status),
            Self::Open => Ending::Abandoned,
            // Tells the host's codes from a policy's own by the word.
            Self::Refused(code) => Ending::RefusedByPolicy(code),
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let now = Instant::now();
        let metrics = &self.observers.metrics;
        if let Some(sent) = self.flow.sent {
            metrics.upstream_time.observe(now - sent);
        }
        let ending = self.end.ending();
        let requests = self.route.as_ref().map(|route| &route.requests);
        requests
            .unwrap_or_else(|| metrics.unknown_route())
            .count(ending);
        if self.observers.records.logs_access() {
            self.log(now, ending);
        }
        if let (Some(trace), Some(traces)) = (&self.trace, &self.observers.traces) {
            traces.ended(&self.ended(now, ending), trace);
        }
    }
}

impl Trail {
    fn ended<'t>(&'t self, now: Instant, ending: Ending<'_>) -> Ended<'t> {
        let (records, flow) = (&self.observers.records, &self.flow);
        let (outcome, word) = ending.words();
        Ended {
            id: self.id,
            began: self.began,
            time: self.time.into(),
            ended: now,
            client: &self.client,
            address: records.shown_address(self.client.address),
            method: &self.method,
            template: self.route.as_ref().map(|route| route.template()),
            key: self.key.as_ref().map(|key| &*key.caller.id),
            policy: self.decider.as_ref().map(|decider| decider.book.decider()),
            model: match &self.told {
                Told::Named(name) => Some(records.shown_word(name)),
                Told::Absent | Told::Unread => None,
            },
            status: flow.status,
            outcome,
            code: self.end.code(word),
            bytes: [flow.request_bytes, flow.answer_bytes],
            call: Call {
                host: flow.upstream.as_ref().and_then(|host| host.to_str().ok()),
                failure: flow.failure,
            },
        }
    }

    fn log(&self, now: Instant, ending: Ending<'_>) {
        let (flow, client) = (&self.flow, &self.client);
        let (outcome, word) = ending.words();
        self.observers.records.log_access(&Access {
            id: self.id,
            key: self.key.as_ref().map(|key| &*key.caller.id),
            policy: self.decider.as_ref().map(|decider| decider.book.decider()),
            method: &self.method,
            route: self.route.as_ref().map(|route| route.name()),
            model: match &self.told {
                Told::Named(name) => Some(name),
                Told::Absent | Told::Unread => None,
            },
            status: flow.status,
            outcome,
            code: self.end.code(word),
            client: client.address,
            protocol: client.version,
            is_tls: client.is_tls,
            upstream: flow.upstream.as_ref().and_then(|host| host.to_str().ok()),
            is_streamed: flow.is_streamed,
            request_bytes: flow.request_bytes,
            answer_bytes: flow.answer_bytes,
            took: now - self.began,
            first_byte: flow.first_byte.map(|at| at - self.began),
            policy_time: self.asked,
            upstream_time: flow.sent.map(|sent| now - sent),
        });
    }
}
