//! What is known of one exchange.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use jiff::Timestamp;
use signalbox_policy::RequestedModel;
use signalbox_runtime::Open;

use crate::auth::keyring::Key;
use crate::plan::{Plan, PlanNotes};
use crate::policy::route_table::{RouteEntry, RouteTable};
use crate::policy::told::Told;
use crate::request::client::Client;
use crate::request::target::Target;
use crate::response::abort_reason::AbortReason;
use crate::response::decision_id::DecisionId;
use crate::token_usage::{Meter, TokenUsage};

/// What is known of one exchange so far.
#[derive(Debug)]
pub struct Facts {
    pub(crate) id: DecisionId,
    pub(crate) began: Instant,
    pub(crate) time: Timestamp,
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) key: Option<Arc<Key>>,
    pub(crate) target: Option<Arc<Target>>,
    pub(crate) told: Told,
    /// The plan of what was told last.
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) policy: Option<DecidedBy>,
    pub(crate) route: Option<(Arc<RouteTable>, usize)>,
    pub(crate) policy_time: Duration,
    pub(crate) meter: Meter,
    pub(crate) end: End,
}

/// What decided last, as far as a response may hold on to it: none of its code.
#[derive(Debug)]
pub(crate) struct DecidedBy {
    /// Counts this request among the responses it decided.
    pub(crate) _open: Open,
    pub(crate) table: Arc<RouteTable>,
}

/// How an exchange ended, as far as it has.
///
/// Exhaustive on purpose: each is counted in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// There is no response yet, or GT's is still being passed on.
    Open,
    /// The gate answered by itself.
    Answered,
    /// GT's response broke off after it had begun.
    Aborted(AbortReason),
    /// A proxy was told to send the request: what GT answered is not known here.
    HandedOver,
    /// GT's response of this status was passed on to its end.
    Forwarded(u16),
    /// The request was refused, with this code.
    Refused(String),
}

impl Facts {
    /// The id of the decision.
    #[must_use]
    pub const fn id(&self) -> DecisionId {
        self.id
    }

    /// When the request began, for what is measured.
    #[must_use]
    pub const fn began(&self) -> Instant {
        self.began
    }

    /// When the request came.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Who sent it.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Its method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The key that was presented, whether it may be used or not.
    #[must_use]
    pub const fn key(&self) -> Option<&Arc<Key>> {
        self.key.as_ref()
    }

    /// What decided last.
    #[must_use]
    pub fn policy(&self) -> Option<&Arc<RouteTable>> {
        self.policy.as_ref().map(|policy| &policy.table)
    }

    /// Where the route is: of which policy, and its place in [`RouteTable::routes`].
    #[must_use]
    pub const fn route_place(&self) -> Option<&(Arc<RouteTable>, usize)> {
        self.route.as_ref()
    }

    /// The policy's route.
    #[must_use]
    pub fn route(&self) -> Option<&RouteEntry> {
        let (table, index) = self.route.as_ref()?;
        table.routes().get(*index)
    }

    /// The model the client named, as far as a policy was told of it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self.told.model() {
            RequestedModel::Named(name) => Some(name),
            RequestedModel::Absent | RequestedModel::Unread => None,
        }
    }

    /// Whether that name is the operator's: the policy's catalogue has it, listed or not, or leads to
    /// it. A name that only a pattern takes is the client's own.
    #[must_use]
    pub const fn is_model_listed(&self) -> bool {
        self.told.is_listed()
    }

    /// The name that GT publishes the model under, which the request was sent with.
    #[must_use]
    pub fn published(&self) -> Option<&str> {
        self.plan.as_ref()?.forward()?.model.as_deref()
    }

    /// The tokens it took, as far as GT's response said or can be estimated: known once it has ended.
    /// `None` where GT said nothing in a response that came whole.
    #[must_use]
    pub const fn usage(&self) -> Option<&TokenUsage> {
        self.meter.usage()
    }

    /// Whether GT was asked to say at the end of a stream what it took, in the client's place: the one
    /// edit of a body besides the model's name.
    #[must_use]
    pub const fn asks_usage(&self) -> bool {
        self.meter.has_asked()
    }

    /// Whether GT's response came whole, should have said how many tokens it took, and did not.
    #[must_use]
    pub fn lacks_usage(&self) -> bool {
        matches!(self.end, End::Forwarded(status) if self.meter.lacks_usage(status))
    }

    /// What observers have left with the plan of this request: with all that the policy was told last,
    /// and what it decided. `None` where it has not decided.
    #[must_use]
    pub fn notes(&self) -> Option<&PlanNotes> {
        self.plan.as_deref().map(Plan::notes)
    }

    /// How long policies took, all calls together.
    #[must_use]
    pub const fn policy_time(&self) -> Duration {
        self.policy_time
    }

    /// How it ended, as far as it has.
    #[must_use]
    pub const fn end(&self) -> &End {
        &self.end
    }
}
