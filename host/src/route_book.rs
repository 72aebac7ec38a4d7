//! What a worker works out once for a generation, so that no request has to: how the generation is
//! named in answers and records, and for each of its routes the counters and where its model is.
//!
//! A book keeps no code and no instance alive: of the generation it has only what identifies it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use http::HeaderValue;
use signalbox_http::path;
use signalbox_policy::{ModelSource, RouteDescription};
use signalbox_runtime::{Generation, Served};

use crate::metrics::{Metrics, RouteRequests};
use crate::record::Decider;

/// One worker's books, those used last.
#[derive(Debug)]
pub(crate) struct RouteBooks {
    metrics: Arc<Metrics>,
    kept: RefCell<Vec<Rc<RouteBook>>>,
}

/// One generation's book.
#[derive(Debug)]
pub(crate) struct RouteBook {
    served: Weak<Served>,
    decider: Decider,
    headers: Vec<String>,
    shown: Option<HeaderValue>,
    routes: Vec<Rc<BookedRoute>>,
}

/// One route of a generation.
#[derive(Debug)]
pub(crate) struct BookedRoute {
    name: Arc<str>,
    /// Where the method ends in `name`.
    method: usize,
    has_parameters: bool,
    pub(crate) model: ModelSource,
    pub(crate) requests: Arc<RouteRequests>,
}

impl RouteBooks {
    pub(crate) const fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            kept: RefCell::new(Vec::new()),
        }
    }

    /// The book of a generation.
    pub(crate) fn of(&self, generation: &Generation) -> Rc<RouteBook> {
        let served = Arc::as_ptr(generation.served());
        let mut kept = self.kept.borrow_mut();
        // The memory of what a weak pointer points to is not used again: equal means the same.
        let known = kept.iter().find(|book| book.served.as_ptr() == served);
        if let Some(book) = known {
            return Rc::clone(book);
        }
        kept.retain(|book| book.served.strong_count() > 0);
        if kept.len() >= MOST_BOOKS {
            kept.remove(0);
        }
        let book = Rc::new(RouteBook::new(generation, &self.metrics));
        kept.push(Rc::clone(&book));
        book
    }
}

impl RouteBook {
    fn new(generation: &Generation, metrics: &Metrics) -> Self {
        let (name, number) = (generation.name(), generation.number());
        let description = generation.description();
        Self {
            served: Arc::downgrade(generation.served()),
            decider: Decider {
                name: name.into(),
                generation: number,
                digest: generation.digest(),
            },
            headers: description.headers.clone(),
            shown: HeaderValue::try_from(format!("{name}@{number}")).ok(),
            routes: description
                .routes
                .iter()
                .map(|route| Rc::new(BookedRoute::new(route, metrics)))
                .collect(),
        }
    }

    /// Who decides, as a record has it.
    pub(crate) const fn decider(&self) -> &Decider {
        &self.decider
    }

    /// The headers the policy asks for.
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// `name@generation`; `None` for a name that no header can have.
    pub(crate) const fn shown(&self) -> Option<&HeaderValue> {
        self.shown.as_ref()
    }

    /// The route the policy has for a request.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<&Rc<BookedRoute>> {
        self.routes.iter().find(|route| route.is_for(method, path))
    }
}

impl BookedRoute {
    fn new(route: &RouteDescription, metrics: &Metrics) -> Self {
        let name = format!("{} {}", route.method, route.template);
        Self {
            requests: metrics.route(&name),
            name: name.into(),
            method: route.method.len(),
            has_parameters: route.template.contains('{'),
            model: route.model,
        }
    }

    /// `METHOD template`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The template alone.
    pub(crate) fn template(&self) -> &str {
        self.name.get(self.method + 1..).unwrap_or_default()
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

/// What serves, what is tried beside it, and what drains, of a few policies. One more costs a
/// request a few microseconds.
const MOST_BOOKS: usize = 32;
