//! Who is told of what happens to a request: logs, metrics, traces.

use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use signalbox_http::refusal::Refusal;

use crate::facts::Facts;
use crate::plan::PlanNotes;
use crate::policy::record::Record;
use crate::request::own_hosts::OwnHosts;
use crate::response::rejection::Rejection;

/// Who is told of what happens to one request. It decides nothing.
///
/// It lives as long as the exchange, until the last byte of the response, and is told of its end
/// however that comes about.
pub trait Observer {
    /// The head of the request is here, and nothing of it is checked yet. `own_hosts` are the names
    /// the gate is known by: any other name in it is the client's own idea.
    fn began(&mut self, facts: &Facts, own_hosts: &OwnHosts, head: &Parts) {
        let _ = (facts, own_hosts, head);
    }

    /// A policy was asked, and it took so long.
    fn policy_asked(&mut self, took: Duration) {
        let _ = took;
    }

    /// The decision stands. Told before it is acted on.
    fn decided(&mut self, record: &Record<'_>) {
        let _ = record;
    }

    /// The decision stands, as [`Self::decided`] is told, and all of what the policy was told and said
    /// is that of the plan these notes are with.
    fn decided_by_plan(&mut self, record: &Record<'_>, notes: &PlanNotes) {
        let _ = notes;
        self.decided(record);
    }

    /// The request goes no further.
    fn refused(&mut self, rejection: &Rejection) {
        let _ = rejection;
    }

    /// The request is about to go to GT, with this published model: says which trace it is part of.
    fn sends(&mut self, facts: &Facts, model: Option<&str>, trace: &mut TraceHeaders<'_>) {
        let _ = (facts, model, trace);
    }

    /// GT's response is not the client's: it is refused in its place.
    fn response_refused(&mut self, refusal: &Refusal) {
        let _ = refusal;
    }

    /// The response is a stream of events.
    fn streams(&mut self) {}

    /// The exchange is over: its response has ended, or its client is gone.
    fn finished(&mut self, facts: &Facts) {
        let _ = facts;
    }
}

/// For those who want to know nothing.
impl Observer for () {}

/// The headers of a request for GT that say which trace it is part of.
#[derive(Debug)]
pub struct TraceHeaders<'h>(pub(crate) &'h mut HeaderMap);

impl TraceHeaders<'_> {
    /// Sets `traceparent`.
    pub fn set_parent(&mut self, parent: HeaderValue) {
        self.0.insert(TRACEPARENT, parent);
    }

    /// Leaves out what the client said with `tracestate`.
    pub fn remove_state(&mut self) {
        self.0.remove(TRACESTATE);
    }
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
