//! What a policy says of itself: its routes, what it looks at, and its catalogue.

use alloc::{string::String, vec::Vec};

use crate::Purposes;

/// What a policy says of itself, once, when it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The policy's own name.
    pub name: String,
    /// The policy's own version; free text.
    pub version: String,
    /// Every route it decides on. No two have the same method and template.
    pub routes: Vec<RouteDescription>,
    /// Lower-case names of the headers it looks at; never one that carries a credential.
    pub headers: Vec<String>,
    /// The caller's lists it looks at.
    pub wants: Wants,
    /// Top-level members of a JSON body whose values it looks at. No two are the same but for case.
    pub body_members: Vec<String>,
    /// How many entries its catalogue has.
    pub model_count: u32,
}

impl Description {
    /// The route at a place.
    #[must_use]
    pub fn route(&self, index: RouteIndex) -> Option<&RouteDescription> {
        self.routes.get(index.place())
    }
}

/// A described route: its place in [`Description::routes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteIndex(pub u32);

impl RouteIndex {
    /// The index of a place. No description has a route beyond `u32`.
    #[must_use]
    pub fn of(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The place, as a slice counts.
    #[must_use]
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// One route a policy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDescription {
    /// Upper-case method.
    pub method: String,
    /// Path under `/v1/`; a segment `{name}` stands for one parameter.
    pub template: String,
    /// What the runbook says of it.
    pub verdict: Verdict,
    /// Whether it may be forwarded; false for each not-supported route.
    pub forwarded: bool,
    /// Any one of these on the key will do; never empty.
    pub purposes: Purposes,
    /// Any one of these sets will do, and all of a set must be on the key. No set is empty; none at
    /// all means open to every key.
    pub scopes: Vec<Vec<String>>,
    /// Where the model name is.
    pub model: ModelSource,
    /// Query names that may be sent to GT.
    pub query: Vec<String>,
    /// Further request headers that may be sent to GT.
    pub headers: Vec<String>,
    /// Why it is as it is, for people.
    pub reason: Option<String>,
}

impl RouteDescription {
    /// `METHOD template`, as people and records name the route.
    #[must_use]
    pub fn name(&self) -> String {
        [&self.method, " ", &self.template].concat()
    }

    /// Whether `name` is this route's `METHOD template`.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        name.split_once(' ') == Some((&self.method, &self.template))
    }
}

/// What a GT runbook says of a route for the client it is about.
///
/// Exhaustive on purpose: GT's runbooks know these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// GT offers it, but the client does not call it by itself.
    GtExtension,
    /// The client's own calls work on this route.
    Native,
    /// The client cannot use it; never forwarded.
    NotSupported,
}

impl Verdict {
    /// The word GT's runbooks and policy documents use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::GtExtension => "gt_extension",
            Self::Native => "native",
            Self::NotSupported => "not_supported",
        }
    }
}

/// Where a route carries the model name.
///
/// Exhaustive on purpose: each source needs its own reader in the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelSource {
    /// A top-level member of a JSON object.
    Json,
    /// A field of a `multipart/form-data` body.
    Multipart,
    /// The route has no model name.
    None,
}

/// Which of the caller's lists a policy looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// [`crate::Caller::labels`]
    pub labels: bool,
    /// [`crate::Caller::models`]
    pub models: bool,
    /// [`crate::Caller::published`]
    pub published: bool,
    /// [`crate::Caller::datasets`]
    pub datasets: bool,
}

/// One name a client may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// What the client writes.
    pub name: String,
    /// What the name may lead to, as GT publishes it; the usual one first. Never empty.
    pub published: Vec<String>,
    /// Whether lists of models show the name.
    pub is_listed: bool,
    /// For people: what to use instead, if the name is deprecated.
    pub deprecated: Option<String>,
    /// The routes on which the name works; empty means all with a model.
    pub routes: Vec<RouteIndex>,
}
