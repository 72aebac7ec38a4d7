//! What is known of one request so far: for its answer's headers, its record and the metrics.
//!
//! It lives as long as the answer and counts the request when it is dropped, so that a request is
//! counted once however it ends.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use signalbox_http::refusal::Refusal;
use signalbox_policy::RequestedModel;
use signalbox_runtime::{Generation, Open, Served};
use tokio::time::timeout;

use crate::answer::{BrokenOff, LOOK, Standing};
use crate::client::Client;
use crate::facts;
use crate::keyring::Key;
use crate::metrics::{Ending, OpenGuard, RouteRequests};
use crate::record::{self, Conclusion, DecisionId, Entry, Facts};
use crate::refusals::No;
use crate::shared::Shared;

/// What is known of one request so far.
#[derive(Debug)]
pub(crate) struct Trail {
    shared: Arc<Shared>,
    id: DecisionId,
    #[expect(dead_code, reason = "read by the access log")]
    client: Client,
    began: Instant,
    time: Timestamp,
    key: Option<Arc<Key>>,
    target: Option<(String, Option<String>)>,
    told: Told,
    decider: Option<Decider>,
    asked: Duration,
    is_recorded: bool,
    route: Option<Arc<RouteRequests>>,
    /// When the request went to GT.
    sent: Option<Instant>,
    end: End,
    _open: OpenGuard,
}

/// What decided last, as far as an answer may hold on to it: none of its code.
#[derive(Debug)]
struct Decider {
    /// Counts this request among the answers it decided.
    open: Open,
    /// The headers it asks for.
    headers: Vec<String>,
}

/// What the policy was told of the model, last.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Absent,
    Named(String),
    Unread,
}

/// How the request ended, as far as it has.
#[derive(Debug)]
enum End {
    /// No answer yet, or GT's answer is still being passed on.
    Open,
    Answered,
    Broken,
    Forwarded(u16),
    Refused(String),
}

impl Trail {
    pub(crate) fn new(shared: &Arc<Shared>, client: Client) -> Self {
        Self {
            id: shared.records.id(),
            client,
            began: Instant::now(),
            time: Timestamp::now(),
            key: None,
            target: None,
            told: Told::Unread,
            decider: None,
            asked: Duration::ZERO,
            is_recorded: false,
            route: None,
            sent: None,
            end: End::Open,
            _open: shared.metrics.requests_open.open(),
            shared: Arc::clone(shared),
        }
    }

    /// The id of its decision.
    pub(crate) const fn id(&self) -> DecisionId {
        self.id
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

    /// A policy is about to be asked.
    pub(crate) fn asks(&mut self, generation: &Arc<Generation>, model: RequestedModel<'_>) {
        let served = generation.served();
        let is_it = |decider: &Decider| Arc::ptr_eq(decider.open.served(), served);
        if !self.decider.as_ref().is_some_and(is_it) {
            self.decider = Some(Decider {
                open: served.open(),
                headers: generation.description().headers.clone(),
            });
        }
        self.told = match model {
            RequestedModel::Absent => Told::Absent,
            RequestedModel::Named(name) => Told::Named(name.to_owned()),
            RequestedModel::Unread => Told::Unread,
        };
    }

    /// What the policy was told of the model, last.
    pub(crate) fn told(&self) -> RequestedModel<'_> {
        self.told.model()
    }

    /// It took so long.
    pub(crate) fn asked(&mut self, took: Duration) {
        self.asked += took;
        self.shared.metrics.policy_time.observe(took);
    }

    /// The request is one for this route of the policy, `METHOD template`.
    pub(crate) fn on_route(&mut self, route: &str) {
        self.route = Some(self.shared.metrics.route(route));
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
                headers = facts.headers(&decider.headers);
                request = facts.request(&headers, self.told.model());
                Facts::Request(&request)
            }
            _ => Facts::Head {
                method: head.method.as_str(),
                path: head.uri.path(),
            },
        };
        let policy = decider.map(|decider| record::Decider {
            name: decider.open.served().name(),
            generation: decider.open.served().number(),
            digest: decider.open.served().digest(),
        });
        let (id, time, took) = (self.id, self.time, self.asked);
        self.shared.records.add(&Entry {
            id,
            time,
            policy,
            facts,
            conclusion,
            took,
        });
    }

    /// The request goes no further.
    pub(crate) fn refused(&mut self, head: &Parts, no: &No) {
        let refusal = no.refusal();
        let (status, code) = (refusal.status(), refusal.code());
        let conclusion = match no {
            No::Failed { cause, .. } => {
                self.shared.metrics.policy_failed(cause);
                Conclusion::Failed {
                    status,
                    code,
                    cause,
                }
            }
            No::Host(_) => Conclusion::Refused { status, code },
            No::Policy { decision, .. } => Conclusion::Decided(decision),
        };
        self.record(head, conclusion);
        self.ends(End::Refused(code.to_owned()));
    }

    /// The request goes no further, and its head is gone: it is counted only.
    pub(crate) fn counts_only(&mut self, no: &No) {
        if let No::Failed { cause, .. } = no {
            self.shared.metrics.policy_failed(cause);
        }
        self.ends(End::Refused(no.refusal().code().to_owned()));
    }

    /// The host answers by itself.
    pub(crate) fn answers(&mut self) {
        self.ends(End::Answered);
    }

    /// The request goes to GT.
    pub(crate) fn forwards(&mut self) {
        self.sent = Some(Instant::now());
    }

    /// GT gave no answer.
    pub(crate) fn upstream_failed(&mut self, cause: &'static str, error: &(dyn Error + 'static)) {
        self.shared.metrics.upstream_failed(cause);
        tracing::warn!(decision = %self.id, cause, error, "no answer from the upstream");
    }

    /// The head of GT's answer is here.
    pub(crate) fn first_byte(&mut self) {
        let metrics = &self.shared.metrics;
        metrics.first_byte.observe(self.began.elapsed());
        if let Some(sent) = self.sent {
            metrics.upstream_first_byte.observe(sent.elapsed());
        }
    }

    /// GT's answer was passed on to its end.
    pub(crate) fn passed_on(&mut self, status: u16, skipped: u64) {
        self.shared.metrics.restamp_skipped.inc_by(skipped);
        self.end = End::Forwarded(status);
    }

    /// GT's answer broke off after it had begun.
    pub(crate) fn broke_off(&mut self, why: BrokenOff) {
        self.end = End::Broken;
        self.shared.metrics.upstream_failed(why.cause());
        tracing::warn!(decision = %self.id, cause = why.cause(), "an answer broke off");
    }

    /// Bytes went to the client.
    pub(crate) fn sent(&self, bytes: usize) {
        self.shared.metrics.answer_bytes.inc_by(bytes as u64);
    }

    /// Says in an answer which decision it comes from, and whose.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        let wanted = self.shared.config.answer_headers;
        if wanted.decision
            && let Ok(id) = HeaderValue::try_from(self.id.to_string())
        {
            headers.insert(DECISION, id);
        }
        if wanted.policy
            && let Some(served) = self.served()
            && let Ok(policy) =
                HeaderValue::try_from(format!("{}@{}", served.name(), served.number()))
        {
            headers.insert(POLICY, policy);
        }
    }

    /// Waits for GT, unless the operator ends the answers of the policy that let the request
    /// through.
    pub(crate) async fn unless_cut<T>(&self, wait: impl Future<Output = T>) -> Result<T, Refusal> {
        let Some(served) = self.served() else {
            return Ok(wait.await);
        };
        let mut wait = pin!(wait);
        loop {
            match timeout(LOOK, wait.as_mut()).await {
                Ok(come) if !served.is_cut() => return Ok(come),
                Err(_elapsed) if !served.is_cut() => {}
                _ => {
                    self.shared.metrics.upstream_failed(BrokenOff::Cut.cause());
                    return Err(BrokenOff::Cut.refusal());
                }
            }
        }
    }

    /// What an answer to a key is measured by while it goes on.
    pub(crate) fn standing(&self, key: &Arc<Key>) -> Standing {
        Standing::new(&self.shared, key, self.served())
    }

    fn served(&self) -> Option<&Arc<Served>> {
        self.decider.as_ref().map(|decider| decider.open.served())
    }

    fn ends(&mut self, end: End) {
        self.end = end;
        if self.sent.is_none() {
            self.shared.metrics.first_byte.observe(self.began.elapsed());
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let metrics = &self.shared.metrics;
        if let Some(sent) = self.sent {
            metrics.upstream_time.observe(sent.elapsed());
        }
        let ending = match &self.end {
            End::Answered => Ending::Answered,
            End::Broken => Ending::Broken,
            End::Forwarded(status) => Ending::Forwarded(*status),
            End::Open => Ending::Abandoned,
            // Tells the host's codes from a policy's own by the word.
            End::Refused(code) => Ending::RefusedByPolicy(code),
        };
        self.route
            .as_ref()
            .unwrap_or(metrics.unknown_route())
            .count(ending);
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

/// The id of a decision, in its answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("x-signalbox-decision");
const POLICY: HeaderName = HeaderName::from_static("x-signalbox-policy");
