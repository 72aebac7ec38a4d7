//! Where an evaluation looks things up: a checked policy in memory, or the tables the compiler
//! made of it.
//!
//! There are two implementations on purpose. `Policy` finds things the plain way and is the
//! reference; `Tables` finds them in place in a byte segment. That both give the same answer to
//! every question is a property test.

use crate::{
    CallerRule, CallerSet, Ceilings, Endpoints, ModelSource, Purposes, RouteIndex, SetHeaders,
    Terms, Verdict,
};

/// What an evaluation asks of a policy.
pub trait Rules {
    /// The routes, ordered by template and then method, as the description has them.
    fn routes(&self) -> impl Iterator<Item = RouteRule<'_>>;

    /// The route at a place.
    fn route(&self, index: RouteIndex) -> Option<RouteRule<'_>> {
        self.routes().nth(index.place())
    }

    /// The template of each route, in the same order.
    fn templates(&self) -> impl Iterator<Item = &str> {
        self.routes().map(|route| route.template)
    }

    /// The routes with this template, ordered by method, and their places among all.
    fn routes_of<'a>(
        &'a self,
        template: &'a str,
    ) -> impl Iterator<Item = (RouteIndex, RouteRule<'a>)> {
        let indices = (0..).map(RouteIndex);
        indices
            .zip(self.routes())
            .filter(move |(_, route)| route.template == template)
    }

    /// The rule for a model name: its exact entry, else the longest `prefix*`, else `*`.
    fn model(&self, name: &str) -> Option<ModelRule<'_>>;

    /// The rules of exact names, in ascending byte order.
    fn exact_models(&self) -> impl Iterator<Item = ModelRule<'_>>;

    /// The rules for callers, in the order of their places; none if the policy is for every caller.
    fn callers(&self) -> impl Iterator<Item = CallerRule<'_>>;

    /// The terms of its models, each that there is at least once.
    fn terms(&self) -> impl Iterator<Item = Terms<'_>>;

    /// Every ceiling that is set somewhere.
    fn ceilings(&self) -> impl Iterator<Item = Ceilings> {
        let callers = self.callers().map(|caller| caller.ceilings);
        callers.chain(self.terms().map(|terms| terms.ceilings))
    }

    /// Whether a decision may depend on the caller's labels.
    fn reads_labels(&self) -> bool {
        let of_choices =
            |terms: Terms<'_>| terms.choices.iter().any(|choice| !choice.labels.is_empty());
        self.callers().any(|caller| !caller.labels.is_empty()) || self.terms().any(of_choices)
    }

    /// Whether which models there are depends on who asks.
    fn lists_differ(&self) -> bool {
        self.callers().next().is_some() || self.terms().any(|terms| !terms.choices.is_empty())
    }
}

/// One route of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteRule<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Path under `/v1/`; `{id}` stands for one segment.
    pub template: &'a str,
    /// What the runbook says of it.
    pub verdict: Verdict,
    /// What is done with a request for it.
    pub action: Action,
    /// Any one of these on the key will do.
    pub purposes: Purposes,
    /// The scopes that will do; without a set the route is open to every key.
    pub scopes: ScopeSets<'a>,
    /// Where the model name is.
    pub model: ModelSource,
    /// Query names that may be sent to GT.
    pub query: NameList<'a>,
    /// Further request headers that may be sent to GT.
    pub headers: NameList<'a>,
    /// Headers without which a request is refused.
    pub required_headers: NameList<'a>,
    /// Headers set on the request to GT.
    pub set_headers: SetHeaders<'a>,
    /// The rules for callers any one of which will do.
    pub callers: CallerSet,
    /// Why, for people.
    pub because: Option<&'a str>,
}

/// What is done with a request for a route.
///
/// Exhaustive on purpose: a document knows these two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It may go to GT.
    Forward,
    /// It is answered with the reason.
    Refuse,
}

/// What a model name, or a pattern of names, leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelRule<'a> {
    /// The name or pattern as written in the document.
    pub pattern: &'a str,
    /// What GT publishes; `None` publishes the name the client wrote as itself. Choices among the
    /// terms take its place.
    pub published: Option<&'a str>,
    /// Where it may be used.
    pub endpoints: Endpoints,
    /// On what terms.
    pub terms: Terms<'a>,
}

/// The published name a rule without choices gives to the name the client wrote.
#[must_use]
pub fn published_name<'a>(rule: &ModelRule<'a>, written: &'a str) -> &'a str {
    rule.published.unwrap_or(written)
}

/// Names joined by commas; none of them holds a comma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameList<'a>(&'a str);

impl<'a> NameList<'a> {
    /// The list a comma-joined string stands for.
    #[must_use]
    pub const fn new(joined: &'a str) -> Self {
        Self(joined)
    }

    /// The comma-joined string.
    #[must_use]
    pub const fn joined(self) -> &'a str {
        self.0
    }

    /// The names, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }
}

/// Sets of scopes, any one of which will do: a set's scopes have a space between, and the sets a line
/// break. A scope has neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeSets<'a>(Option<&'a str>);

impl<'a> ScopeSets<'a> {
    /// No set: every key will do.
    pub const OPEN: Self = Self(None);

    /// The sets a text stands for; `None` stands for no set.
    #[must_use]
    pub const fn new(joined: Option<&'a str>) -> Self {
        Self(joined)
    }

    /// The text.
    #[must_use]
    pub const fn joined(self) -> Option<&'a str> {
        self.0
    }

    /// The sets, in order.
    pub fn iter(self) -> impl Iterator<Item = ScopeSet<'a>> {
        self.0
            .into_iter()
            .flat_map(|all| all.split('\n'))
            .map(ScopeSet)
    }
}

/// Scopes that will do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeSet<'a>(&'a str);

impl<'a> ScopeSet<'a> {
    /// The scopes, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0.split(' ').filter(|scope| !scope.is_empty())
    }
}
