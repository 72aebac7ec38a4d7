//! Where an evaluation looks things up: a checked policy in memory, or the tables the compiler
//! made of it.
//!
//! There are two implementations on purpose. `Policy` finds things the plain way and is the
//! reference; `Tables` finds them in place in a byte segment. That both give the same answer to
//! every question is a property test.

use crate::{Endpoints, ModelSource, Purposes, RouteIndex, Verdict};

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
    /// What GT publishes; `None` publishes the name the client wrote as itself.
    pub published: Option<&'a str>,
    /// Where it may be used.
    pub endpoints: Endpoints,
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
