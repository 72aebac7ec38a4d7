//! What came of a request, for the layers around this one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use signalbox_gate::keyring::Key;
use signalbox_gate::{
    Decider, DecisionId, End, Facts, Observer, OwnHosts, PlanNotes, Record, Refusal, Rejection,
    RouteTable, TraceHeaders,
};

/// What came of a request: in the extensions of its response, for the layers around this one.
#[derive(Clone)]
pub struct DecisionInfo {
    id: DecisionId,
    key: Option<Arc<Key>>,
    policy: Option<Arc<RouteTable>>,
    route: Option<(Arc<RouteTable>, usize)>,
    outcome: Outcome,
}

/// What came of a request.
///
/// Exhaustive on purpose: there is no other way to answer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gate answered by itself.
    Answered,
    /// The response is GT's.
    Forwarded,
    /// It was refused.
    Refused {
        /// The code the client is told.
        code: String,
    },
}

impl DecisionInfo {
    fn new(facts: &Facts, outcome: Outcome) -> Self {
        Self {
            id: facts.id(),
            key: facts.key().cloned(),
            policy: facts.policy().cloned(),
            route: facts.route_place().cloned(),
            outcome,
        }
    }

    /// What there is to say of a response of the gate's own.
    pub(crate) fn of_own(facts: &Facts) -> Self {
        let outcome = match facts.end() {
            End::Refused(code) => Outcome::Refused { code: code.clone() },
            End::Forwarded(_) | End::HandedOver => Outcome::Forwarded,
            End::Open | End::Answered | End::Aborted(_) => Outcome::Answered,
        };
        Self::new(facts, outcome)
    }

    /// The id of the decision, which the client is told in `x-signalbox-decision`.
    #[must_use]
    pub const fn id(&self) -> DecisionId {
        self.id
    }

    /// The id of the key that was presented, whether it may be used or not.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key.as_deref().map(|key| key.caller.id.as_str())
    }

    /// Which policy decided, with its generation and the digest of its component; `None` if none was
    /// asked.
    #[must_use]
    pub fn policy(&self) -> Option<&Decider> {
        self.policy.as_deref().map(RouteTable::decider)
    }

    /// The policy's route, as `METHOD template`.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let (table, place) = self.route.as_ref()?;
        table.routes().get(*place).map(|route| route.name())
    }

    /// What came of it.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// What it says, and nothing else of what it holds on to.
impl fmt::Debug for DecisionInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecisionInfo")
            .field("id", &self.id)
            .field("key_id", &self.key_id())
            .field("policy", &self.policy())
            .field("route", &self.route())
            .field("outcome", &self.outcome)
            .finish()
    }
}

/// Notes what is known when a request goes to GT, and tells the program's own observer everything.
pub(crate) struct Witness {
    own: Option<Box<dyn Observer + Send>>,
    sent: Option<DecisionInfo>,
}

impl Witness {
    pub(crate) fn new(own: Option<Box<dyn Observer + Send>>) -> Self {
        Self { own, sent: None }
    }

    /// What was known when the request went to GT last.
    pub(crate) const fn take_sent(&mut self) -> Option<DecisionInfo> {
        self.sent.take()
    }

    fn tell(&mut self, tell: impl FnOnce(&mut dyn Observer)) {
        if let Some(own) = &mut self.own {
            tell(&mut **own);
        }
    }
}

impl Observer for Witness {
    fn began(&mut self, facts: &Facts, own_hosts: &OwnHosts, head: &Parts) {
        self.tell(|own| own.began(facts, own_hosts, head));
    }

    fn policy_asked(&mut self, took: Duration) {
        self.tell(|own| own.policy_asked(took));
    }

    fn decided(&mut self, record: &Record<'_>) {
        self.tell(|own| own.decided(record));
    }

    fn decided_by_plan(&mut self, record: &Record<'_>, notes: &PlanNotes) {
        self.tell(|own| own.decided_by_plan(record, notes));
    }

    fn refused(&mut self, rejection: &Rejection) {
        self.tell(|own| own.refused(rejection));
    }

    fn sends(&mut self, facts: &Facts, model: Option<&str>, trace: &mut TraceHeaders<'_>) {
        self.sent = Some(DecisionInfo::new(facts, Outcome::Forwarded));
        self.tell(|own| own.sends(facts, model, trace));
    }

    fn response_refused(&mut self, refusal: &Refusal) {
        self.tell(|own| own.response_refused(refusal));
    }

    fn streams(&mut self) {
        self.tell(|own| own.streams());
    }

    fn finished(&mut self, facts: &Facts) {
        self.tell(|own| own.finished(facts));
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Witness")
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
