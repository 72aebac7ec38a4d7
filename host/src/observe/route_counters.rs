//! The counters of a generation's routes, looked up once on a worker, so that no request has to.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use signalbox_gate::{Facts, RouteTable};

use crate::observe::metrics::{Metrics, RouteRequests};

/// One worker's counters, of the generations used last.
#[derive(Debug)]
pub(crate) struct RouteCounters {
    metrics: Arc<Metrics>,
    kept: RefCell<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    table: Weak<RouteTable>,
    routes: Vec<Arc<RouteRequests>>,
}

impl RouteCounters {
    pub(crate) const fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            kept: RefCell::new(Vec::new()),
        }
    }

    /// Looks at the counters of a request's route.
    pub(crate) fn with(&self, facts: &Facts, look: impl FnOnce(&RouteRequests)) {
        let Some((table, route)) = facts.route_place() else {
            return look(self.metrics.unknown_route());
        };
        let mut kept = self.kept.borrow_mut();
        // The memory of what a weak pointer points to is not used again: equal means the same.
        let known = kept
            .iter()
            .position(|kept| kept.table.as_ptr() == Arc::as_ptr(table));
        let index = known.unwrap_or_else(|| {
            kept.retain(|kept| kept.table.strong_count() > 0);
            let routes = table.routes().iter();
            kept.push(Kept {
                table: Arc::downgrade(table),
                routes: routes
                    .map(|route| self.metrics.route(route.name()))
                    .collect(),
            });
            kept.len() - 1
        });
        let counters = kept.get(index).and_then(|kept| kept.routes.get(*route));
        look(counters.unwrap_or_else(|| self.metrics.unknown_route()));
    }
}
