//! What is worked out once for a generation, so that no request has to: how the generation is named in
//! responses and records, and for each of its routes where the model is.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};
use signalbox_http::{json::MemberNames, path};
use signalbox_policy::{ModelSource, RouteDescription};
use signalbox_runtime::{Generation, GenerationStats};

use crate::policy::body_members::member_names;
use crate::policy::record::Decider;
use crate::policy::request::header_names;

/// The tables of the generations used last.
#[derive(Debug, Default)]
pub(crate) struct RouteTables(ArcSwap<Vec<Arc<RouteTable>>>);

/// The routes of one generation. It keeps neither code nor instances of the policy in memory.
#[derive(Debug)]
pub struct RouteTable {
    served: Weak<GenerationStats>,
    decider: Decider,
    headers: Vec<HeaderName>,
    body_members: MemberNames,
    shown: Option<HeaderValue>,
    routes: Vec<RouteEntry>,
}

/// One route of a generation.
#[derive(Debug)]
pub struct RouteEntry {
    name: Arc<str>,
    /// Where the method ends in `name`.
    method: usize,
    has_parameters: bool,
    model: ModelSource,
}

impl RouteTables {
    /// The table of a generation.
    pub(crate) fn of(&self, generation: &Generation) -> Arc<RouteTable> {
        let served = Arc::as_ptr(generation.served());
        // The memory of what a weak pointer points to is not used again: equal means the same.
        let is_it = |table: &&Arc<RouteTable>| table.served.as_ptr() == served;
        if let Some(table) = self.0.load().iter().find(is_it) {
            return Arc::clone(table);
        }
        let table = Arc::new(RouteTable::new(generation));
        self.0.rcu(|tables| {
            let live = |table: &&Arc<RouteTable>| table.served.strong_count() > 0;
            let mut tables: Vec<_> = tables.iter().filter(live).cloned().collect();
            if tables.len() >= MOST_TABLES {
                tables.remove(0);
            }
            tables.push(Arc::clone(&table));
            tables
        });
        table
    }
}

impl RouteTable {
    fn new(generation: &Generation) -> Self {
        let (name, number) = (generation.name(), generation.number());
        let description = generation.description();
        Self {
            served: Arc::downgrade(generation.served()),
            decider: Decider {
                name: name.into(),
                generation: number,
                digest: generation.digest(),
            },
            headers: header_names(&description.headers),
            body_members: member_names(description),
            shown: HeaderValue::try_from(format!("{name}@{number}")).ok(),
            routes: description.routes.iter().map(RouteEntry::new).collect(),
        }
    }

    /// Who decides by it.
    #[must_use]
    pub const fn decider(&self) -> &Decider {
        &self.decider
    }

    /// The members of a body the policy asks for.
    pub(crate) const fn body_members(&self) -> &MemberNames {
        &self.body_members
    }

    /// The headers the policy asks for.
    pub(crate) fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    /// `name@generation`; `None` for a name that no header can have.
    pub(crate) const fn shown(&self) -> Option<&HeaderValue> {
        self.shown.as_ref()
    }

    /// Its routes, in the order in which the policy describes them.
    #[must_use]
    pub fn routes(&self) -> &[RouteEntry] {
        &self.routes
    }

    /// The place of the route the policy has for a request.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<usize> {
        let mut routes = self.routes.iter();
        routes.position(|route| route.is_for(method, path))
    }
}

impl RouteEntry {
    fn new(route: &RouteDescription) -> Self {
        Self {
            name: format!("{} {}", route.method, route.template).into(),
            method: route.method.len(),
            has_parameters: route.template.contains('{'),
            model: route.model,
        }
    }

    /// `METHOD template`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The template alone.
    #[must_use]
    pub fn template(&self) -> &str {
        self.name.get(self.method + 1..).unwrap_or_default()
    }

    /// Where the model is.
    pub(crate) const fn model(&self) -> ModelSource {
        self.model
    }

    fn is_for(&self, method: &str, path: &str) -> bool {
        self.name.get(..self.method) == Some(method)
            && if self.has_parameters {
                path::matches(self.template(), path).is_some()
            } else {
                self.template() == path
            }
    }
}

/// What is live, what is tried beside it, and what drains, of a few policies. One more costs a
/// request a few microseconds.
const MOST_TABLES: usize = 32;
