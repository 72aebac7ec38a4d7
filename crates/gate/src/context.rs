//! What one exchange holds from its beginning to the last byte of its response.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, response};
use signalbox_http::refusal::Refusal;
use signalbox_policy::Decision;
use signalbox_runtime::Generation;

use crate::auth::keyring::Key;
use crate::auth::rate_limit::{ConcurrencyPermit, RequestPermit, StreamPermit};
use crate::facts::{DecidedBy, End, Facts};
use crate::gate::Gate;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::record::{Conclusion, Record, RecordFacts};
use crate::policy::request::PolicyRequest;
use crate::policy::route_table::{RouteEntry, RouteTable};
use crate::policy::told::Told;
use crate::request::client::Client;
use crate::request::client_head::ClientHead;
use crate::response::rejection::{self, Rejection};
use crate::response::request_id;
use crate::settings::Settings;
use crate::token_usage::Meter;

/// What one exchange holds until its response has ended, however it ends: what is known of it, who is
/// told, and its place in every limit.
#[derive(Debug)]
pub(crate) struct Context<O: Observer> {
    pub(crate) facts: Facts,
    pub(crate) observer: O,
    pub(crate) guards: Guards,
    /// The client's own id of the request, if it is a plain word.
    pub(crate) request_id: Option<HeaderValue>,
    is_recorded: bool,
}

/// Its place in every limit.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    pub(crate) concurrency: Option<ConcurrencyPermit>,
    pub(crate) request: Option<RequestPermit>,
    pub(crate) stream: Option<StreamPermit>,
}

impl<O: Observer> Context<O> {
    pub(crate) fn new(gate: &Gate, client: Client, method: Method, observer: O) -> Box<Self> {
        Box::new(Self {
            facts: Facts {
                id: gate.ids().next(),
                began: gate.clock().monotonic(),
                time: gate.clock().wall(),
                client,
                method,
                key: None,
                target: None,
                told: Told::UNREAD,
                plan: None,
                policy: None,
                route: None,
                policy_time: std::time::Duration::ZERO,
                meter: Meter::default(),
                end: End::Open,
            },
            observer,
            guards: Guards::default(),
            request_id: None,
            is_recorded: false,
        })
    }

    /// The head is here.
    pub(crate) fn began(&mut self, gate: &Gate, head: &Parts) {
        let own_hosts = &gate.settings().own_hosts;
        self.observer.began(&self.facts, own_hosts, head);
    }

    /// A policy is about to be asked; `table` is the generation's.
    pub(crate) fn asks(&mut self, generation: &Generation, table: &Arc<RouteTable>) {
        let is_it = |policy: &DecidedBy| Arc::ptr_eq(&policy.table, table);
        if !self.facts.policy.as_ref().is_some_and(is_it) {
            self.facts.policy = Some(DecidedBy {
                _open: generation.served().open(),
                table: Arc::clone(table),
            });
        }
        self.facts.plan = None;
    }

    /// This is what the policy was told last, and decided.
    pub(crate) fn follows(&mut self, plan: &Arc<Plan>) {
        self.facts.told.clone_from(plan.told());
        self.facts.plan = Some(Arc::clone(plan));
    }

    /// The decision stands.
    pub(crate) fn record(&mut self, head: &ClientHead, conclusion: Conclusion<'_>) {
        self.record_as(head.parts.uri.path(), Some(head), conclusion);
    }

    /// The request goes no further.
    pub(crate) fn refused(&mut self, path: &str, head: Option<&ClientHead>, rejection: &Rejection) {
        let refusal = rejection.refusal();
        let (status, code) = (refusal.status(), refusal.code());
        let conclusion = match rejection {
            Rejection::Failed { cause, .. } => Conclusion::Failed {
                status,
                code,
                cause,
            },
            Rejection::Host(_) => Conclusion::Refused { status, code },
            Rejection::Policy { decision, .. } => Conclusion::Decided(decision),
        };
        self.record_as(path, head, conclusion);
        self.counts_only(rejection);
    }

    /// The request goes no further, and its head is gone: it is counted only.
    pub(crate) fn counts_only(&mut self, rejection: &Rejection) {
        self.observer.refused(rejection);
        self.facts.end = End::Refused(rejection.refusal().code().to_owned());
    }

    /// 429 where the key has as many streams open as it may; once for a request.
    pub(crate) fn take_stream(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.guards.stream.is_none() {
            let stream = key.usage.open_stream(&key.limits);
            self.guards.stream = Some(stream.map_err(rejection::limited)?);
        }
        Ok(())
    }

    /// The gate answers by itself.
    pub(crate) fn answered(&mut self) {
        self.facts.end = End::Answered;
    }

    /// Says in the head of a response which decision it comes from, whose, and its id.
    pub(crate) fn stamp(&self, settings: &Settings, head: &mut response::Parts) {
        let id = self.facts.id;
        let shown = settings.decision_header.then(|| id.to_value()).flatten();
        if let Some(shown) = &shown {
            head.headers.insert(request_id::DECISION, shown.clone());
        }
        if settings.policy_header
            && let Some(policy) = &self.facts.policy
            && let Some(shown) = policy.table.shown()
        {
            head.headers.insert(request_id::POLICY, shown.clone());
        }
        request_id::stamp(&mut head.headers, self.request_id.as_ref(), || {
            shown.or_else(|| id.to_value())
        });
    }

    fn record_as(&mut self, path: &str, head: Option<&ClientHead>, conclusion: Conclusion<'_>) {
        if std::mem::replace(&mut self.is_recorded, true) {
            return;
        }
        let (facts, observer) = (&self.facts, &mut self.observer);
        let route = match conclusion {
            Conclusion::Decided(Decision::Forward(to)) => facts
                .policy()
                .and_then(|table| table.routes().get(to.route.place())),
            _ => None,
        };
        let mut tell = |known: RecordFacts<'_>| {
            let record = Record {
                id: facts.id,
                time: facts.time,
                policy: facts.policy.as_ref().map(|policy| policy.table.decider()),
                facts: known,
                conclusion,
                route: route.map(RouteEntry::name),
                took: facts.policy_time,
            };
            // What ends a request otherwise is no part of its plan.
            let is_decided = matches!(conclusion, Conclusion::Decided(_));
            match facts.notes().filter(|_| is_decided) {
                Some(notes) => observer.decided_by_plan(&record, notes),
                None => observer.decided(&record),
            }
        };
        match asked_of(facts, head) {
            Some(asked) => asked.told(|request| {
                tell(RecordFacts::Request {
                    request,
                    caller: &asked.key.caller,
                    is_model_listed: facts.is_model_listed(),
                });
            }),
            None => tell(RecordFacts::Head {
                method: head
                    .map_or(&facts.method, |head| &head.parts.method)
                    .as_str(),
                path,
            }),
        }
    }
}

/// The request as a policy is asked about it, if it came so far.
fn asked_of<'a>(facts: &'a Facts, head: Option<&'a ClientHead>) -> Option<PolicyRequest<'a>> {
    let (key, target) = (facts.key.as_ref()?, facts.target.as_ref()?);
    let wanted = facts.policy.as_ref()?.table.headers();
    let known = (facts.told.model(), facts.told.members());
    Some(PolicyRequest::new(key, head?, target, wanted, known))
}

impl<O: Observer> Drop for Context<O> {
    fn drop(&mut self) {
        self.observer.finished(&self.facts);
    }
}
