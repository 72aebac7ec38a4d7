//! What is known of one request so far: for its answer's headers, its record, the metrics and the
//! access log.
//!
//! It lives as long as the answer and tells of the request when it is dropped, so that a request is
//! counted and logged once however it ends.

mod ending;

use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header, response,
};
use jiff::Timestamp;
use signalbox_policy::RequestedModel;
use signalbox_runtime::{Generation, Open};

use crate::abort_reason::BrokenOff;
use crate::client::Client;
use crate::facts;
use crate::header_values::text;
use crate::keyring::Key;
use crate::metrics::OpenGuard;
use crate::observers::Observers;
use crate::record::{Conclusion, DecisionId, Entry, Facts};
use crate::refusals::No;
use crate::request_id::DECISION;
use crate::route_book::{BookedRoute, RouteBook};
use crate::traces::OpenTrace;
use ending::{End, Flow};

/// What is known of one request so far.
#[derive(Debug)]
pub(crate) struct Trail {
    observers: Arc<Observers>,
    client: Client,
    id: DecisionId,
    began: Instant,
    time: Timestamp,
    method: Method,
    /// If the request is sampled.
    trace: Option<Box<OpenTrace>>,
    key: Option<Arc<Key>>,
    target: Option<(String, Option<String>)>,
    told: Told,
    decider: Option<Decider>,
    asked: Duration,
    is_recorded: bool,
    route: Option<Rc<BookedRoute>>,
    flow: Flow,
    end: End,
    _open: OpenGuard,
}

/// What decided last, as far as an answer may hold on to it: none of its code.
#[derive(Debug)]
struct Decider {
    /// Counts this request among the answers it decided.
    _open: Open,
    book: Rc<RouteBook>,
}

/// What the policy was told of the model, last.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Absent,
    Named(String),
    Unread,
}

impl Trail {
    pub(crate) fn new(observers: &Arc<Observers>, client: Client) -> Self {
        Self {
            client,
            id: observers.records.id(),
            began: Instant::now(),
            time: Timestamp::now(),
            method: Method::default(),
            trace: None,
            key: None,
            target: None,
            told: Told::Unread,
            decider: None,
            asked: Duration::ZERO,
            is_recorded: false,
            route: None,
            flow: Flow::default(),
            end: End::Open,
            _open: observers.metrics.requests_open.open(),
            observers: Arc::clone(observers),
        }
    }

    /// The id of its decision.
    pub(crate) const fn id(&self) -> DecisionId {
        self.id
    }

    /// The head of the request is here. `is_own_host` says of a name whether it is one of ours:
    /// any other stays out of traces.
    pub(crate) fn came(&mut self, head: &Parts, is_own_host: impl Fn(&str) -> bool) {
        self.method.clone_from(&head.method);
        let traces = self.observers.traces.as_ref();
        self.trace = traces.and_then(|traces| traces.begin(&head.headers, self.id));
        if let Some(trace) = &mut self.trace {
            trace.path = self.observers.records.shown_path(head.uri.path());
            trace.host = text(&head.headers, &header::HOST)
                .filter(|host| is_own_host(host))
                .and_then(|host| host.parse().ok());
        }
    }

    /// Who sent the request.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// When the request came.
    pub(crate) const fn time(&self) -> Timestamp {
        self.time
    }

    /// A key is presented; whether it may be used is not said.
    pub(crate) fn presented(&mut self, key: &Arc<Key>) {
        self.key = Some(Arc::clone(key));
    }

    /// The target is plain.
    pub(crate) fn targeted(&mut self, path: &str, query: Option<&str>) {
        self.target = Some((path.to_owned(), query.map(str::to_owned)));
    }

    /// A policy is about to be asked; its book is the generation's.
    pub(crate) fn asks(
        &mut self,
        generation: &Generation,
        book: &Rc<RouteBook>,
        model: RequestedModel<'_>,
    ) {
        let is_it = |decider: &Decider| Rc::ptr_eq(&decider.book, book);
        if !self.decider.as_ref().is_some_and(is_it) {
            self.decider = Some(Decider {
                _open: generation.served().open(),
                book: Rc::clone(book),
            });
        }
        if self.told.model() != model {
            self.told = match model {
                RequestedModel::Absent => Told::Absent,
                RequestedModel::Named(name) => Told::Named(name.to_owned()),
                RequestedModel::Unread => Told::Unread,
            };
        }
    }

    /// What the policy was told of the model, last.
    pub(crate) fn told(&self) -> RequestedModel<'_> {
        self.told.model()
    }

    /// It took so long.
    pub(crate) fn asked(&mut self, took: Duration) {
        self.asked += took;
        self.observers.metrics.policy_time.observe(took);
    }

    /// The request is one for this route of the policy.
    pub(crate) fn on_route(&mut self, route: &Rc<BookedRoute>) {
        self.route = Some(Rc::clone(route));
    }

    /// The decision stands. Recorded before it is acted on: what follows may take minutes.
    pub(crate) fn record(&mut self, head: &Parts, conclusion: Conclusion<'_>) {
        if std::mem::replace(&mut self.is_recorded, true) {
            return;
        }
        let decider = self.decider.as_ref();
        let headers;
        let request;
        let facts = match (&self.key, &self.target, decider) {
            (Some(key), Some((path, query)), Some(decider)) => {
                let query = query.as_deref();
                let facts = facts::Facts {
                    head,
                    path,
                    query,
                    caller: &key.caller,
                };
                headers = facts.headers(decider.book.headers());
                request = facts.request(&headers, self.told.model());
                Facts::Request {
                    request: &request,
                    caller: &key.caller,
                }
            }
            _ => Facts::Head {
                method: head.method.as_str(),
                path: head.uri.path(),
            },
        };
        self.observers.records.add(&Entry {
            id: self.id,
            time: self.time,
            policy: decider.map(|decider| decider.book.decider()),
            facts,
            conclusion,
            took: self.asked,
        });
    }

    /// The request goes no further.
    pub(crate) fn refused(&mut self, head: &Parts, no: &No) {
        let refusal = no.refusal();
        let (status, code) = (refusal.status(), refusal.code());
        let conclusion = match no {
            No::Failed { cause, .. } => Conclusion::Failed {
                status,
                code,
                cause,
            },
            No::Host(_) => Conclusion::Refused { status, code },
            No::Policy { decision, .. } => Conclusion::Decided(decision),
        };
        self.record(head, conclusion);
        self.counts_only(no);
    }

    /// What came never became a request: it has no method and no path to speak of.
    pub(crate) fn never_came(&mut self, no: &No) {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = Method::from_bytes(b"_OTHER").unwrap_or_default();
        head.uri = Uri::from_static("*");
        self.method.clone_from(&head.method);
        self.refused(&head, no);
    }

    /// The request goes no further, and its head is gone: it is counted only.
    pub(crate) fn counts_only(&mut self, no: &No) {
        if let No::Failed { cause, .. } = no {
            self.observers.metrics.policy_failed(cause);
        }
        self.end = End::Refused(no.refusal().code().to_owned());
    }

    /// The host answers by itself.
    pub(crate) fn answers(&mut self) {
        self.end = End::Answered;
    }

    /// Tells GT, in the headers of the request for it, which span it is part of. Without a trace
    /// what the client sent stays as it is. `model` is the name that GT publishes.
    pub(crate) fn traces(&mut self, model: Option<&str>, headers: &mut HeaderMap) {
        if let (Some(trace), Some(traces)) = (&mut self.trace, &self.observers.traces) {
            trace.sends(traces.span_id(), model, headers);
        }
    }

    /// The request goes to GT, to this `host` if there is but one.
    pub(crate) fn forwards(&mut self, host: Option<&HeaderValue>) {
        self.flow.sent = Some(Instant::now());
        self.flow.upstream = host.cloned();
    }

    /// GT gave no answer.
    pub(crate) fn upstream_failed(&mut self, cause: &'static str, error: &(dyn Error + 'static)) {
        self.flow.failure = Some(cause);
        self.observers.metrics.upstream_failed(cause);
        tracing::warn!(decision = %self.id, cause, error, "no answer from the upstream");
    }

    /// GT is not waited for any more.
    pub(crate) fn cut(&self, why: BrokenOff) {
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

    /// GT's answer is a stream of events.
    pub(crate) const fn streams(&mut self) {
        self.flow.is_streamed = true;
    }

    /// GT's answer was passed on to its end.
    pub(crate) fn passed_on(&mut self, status: u16, skipped: u64) {
        self.observers.metrics.restamp_skipped.inc_by(skipped);
        self.end = End::Forwarded(status);
    }

    /// GT's answer broke off after it had begun.
    pub(crate) fn broke_off(&mut self, why: BrokenOff) {
        self.end = End::Broken;
        self.flow.failure = Some(why.cause());
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

    /// The head of the answer is ready: says in it which decision it comes from, and whose.
    pub(crate) fn stamp(&mut self, head: &mut response::Parts) {
        let first_byte = *self.flow.first_byte.get_or_insert_with(Instant::now);
        let took = first_byte - self.began;
        self.observers.metrics.first_byte.observe(took);
        self.flow.status = Some(head.status.as_u16());
        let wanted = self.observers.answer_headers;
        if wanted.decision
            && let Ok(id) = HeaderValue::from_bytes(&self.id.digits())
        {
            head.headers.insert(DECISION, id);
        }
        if wanted.policy
            && let Some(decider) = &self.decider
            && let Some(policy) = decider.book.shown()
        {
            head.headers.insert(POLICY, policy.clone());
        }
    }
}

impl Told {
    fn model(&self) -> RequestedModel<'_> {
        match self {
            Self::Absent => RequestedModel::Absent,
            Self::Named(name) => RequestedModel::Named(name),
            Self::Unread => RequestedModel::Unread,
        }
    }
}

const POLICY: HeaderName = HeaderName::from_static("x-signalbox-policy");
