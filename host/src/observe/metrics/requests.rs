//! Requests by route and how they ended.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use signalbox_http::refusal::Code;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Ending<'a> {
    /// GT answered, and its answer was passed on, whatever its status.
    Forwarded(u16),
    /// A proxy was told to send it: what GT answered is not known here.
    HandedOver,
    /// The host answered by itself, as policies have it for the model list.
    Answered,
    /// Refused, with one of the host's codes.
    Refused(Code),
    /// Refused by the policy, with a code that may be its own.
    RefusedByPolicy(&'a str),
    /// The client went away before the end.
    Abandoned,
    /// GT's answer broke off after it had begun.
    Broken,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    route: String,
    outcome: &'static str,
    code: &'static str,
}

/// The counters of one route. Each is looked up once and then is one atomic addition.
#[derive(Debug)]
pub(crate) struct RouteRequests {
    route: String,
    family: Family<RequestLabels, Counter>,
    counters: [OnceLock<Counter>; ENDINGS],
}

/// The routes met so far.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) family: Family<RequestLabels, Counter>,
    known: RwLock<HashMap<String, Arc<RouteRequests>>>,
}

impl Routes {
    pub(super) fn route(&self, name: &str) -> Arc<RouteRequests> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(name) {
            return Arc::clone(route);
        }
        // Policies come and go, and each may bring routes of its own.
        let name = if known.len() < MOST_ROUTES {
            name
        } else {
            OTHER_ROUTE
        };
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let route = known.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(RouteRequests {
                route: name.to_owned(),
                family: self.family.clone(),
                counters: std::array::from_fn(|_| OnceLock::new()),
            })
        });
        Arc::clone(route)
    }
}

impl RouteRequests {
    /// Counts one request.
    pub(crate) fn count(&self, ending: Ending<'_>) {
        let (index, outcome, code) = ending.place();
        if let Some(counter) = self.counters.get(index) {
            counter.get_or_init(|| self.counter(outcome, code)).inc();
        }
    }

    fn counter(&self, outcome: &'static str, code: &'static str) -> Counter {
        let route = self.route.clone();
        self.family.get_or_create_owned(&RequestLabels {
            route,
            outcome,
            code,
        })
    }
}

impl Ending<'_> {
    /// The words it is counted under: the outcome and the code.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        let (_, outcome, code) = self.place();
        (outcome, code)
    }

    /// Its counter's place, and its labels.
    fn place(self) -> (usize, &'static str, &'static str) {
        match self {
            Self::Forwarded(status) => match status {
                400..=499 => (0, "forwarded", "gt_4xx"),
                500..=599 => (1, "forwarded", "gt_5xx"),
                _ => (2, "forwarded", "ok"),
            },
            Self::HandedOver => (7, "handed_over", "ok"),
            Self::Answered => (3, "answered", "ok"),
            Self::Abandoned => (4, "abandoned", "client_gone"),
            Self::Broken => (5, "broken", "gt_gone"),
            // A policy's own word could be anything: the label would not be bounded.
            Self::RefusedByPolicy(word) => {
                match Code::ALL.iter().find(|code| code.word() == word) {
                    Some(code) => Self::Refused(*code).place(),
                    None => (6, "refused", "policy"),
                }
            }
            Self::Refused(code) => {
                let index = Code::ALL.iter().position(|known| *known == code);
                let outcome = if code.status() < 500 {
                    "refused"
                } else {
                    "failed"
                };
                (FIXED + index.unwrap_or(0), outcome, code.word())
            }
        }
    }
}

/// Endings that are no code.
const FIXED: usize = 8;
const ENDINGS: usize = FIXED + Code::ALL.len();
/// Eleven routes GT documents, times policies of many shapes; each costs a few KiB.
const MOST_ROUTES: usize = 256;
const OTHER_ROUTE: &str = "other";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_ending_has_its_own_place() {
        let mut endings: Vec<_> = Code::ALL
            .iter()
            .map(|code| Ending::Refused(*code))
            .collect();
        endings.extend([
            Ending::Forwarded(200),
            Ending::Forwarded(404),
            Ending::Forwarded(503),
            Ending::HandedOver,
            Ending::Answered,
            Ending::Abandoned,
            Ending::Broken,
            Ending::RefusedByPolicy("my_own_word"),
        ]);
        let places: HashSet<_> = endings.iter().map(|ending| ending.place().0).collect();
        assert_eq!(places.len(), ENDINGS);
        assert!(places.iter().all(|place| *place < ENDINGS));
    }

    #[test]
    fn a_policys_code_is_a_label_only_if_it_is_a_known_one() {
        let known = Ending::RefusedByPolicy("model_not_found").place();
        assert_eq!(known, Ending::Refused(Code::ModelNotFound).place());
        assert_eq!(Ending::RefusedByPolicy("x9").place().2, "policy");
    }

    #[test]
    fn the_number_of_routes_is_bounded() {
        let routes = Routes::default();
        for n in 0..1_000 {
            routes
                .route(&format!("GET /v1/{n}"))
                .count(Ending::Answered);
        }
        assert_eq!(routes.route("GET /v1/5").route, "GET /v1/5");
        assert_eq!(routes.route("GET /v1/999").route, OTHER_ROUTE);
        assert_eq!(routes.known.read().unwrap().len(), MOST_ROUTES + 1);
    }
}
