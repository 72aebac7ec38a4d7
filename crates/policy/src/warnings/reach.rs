//! What keys can get to: which models can be named on which routes.
//!
//! A policy may have a hundred thousand models: none of them is compared with every other, nor with
//! every route.

use std::{collections::BTreeMap, ops::Bound};

use super::fitting::{Caller, agree, has};
use crate::{
    Action, CallerSet, Endpoint, Labels, ModelRule, ModelSource, Policy, RouteRule, Rules as _,
};

/// A policy's rules, to be compared with each other.
pub(super) struct Reach<'p> {
    pub(super) callers: Vec<Caller<'p>>,
    /// Those that are forwarded.
    pub(super) routes: Vec<RouteRule<'p>>,
    /// Their places, by method and template.
    places: BTreeMap<(&'p str, &'p str), usize>,
    models: BTreeMap<&'p str, ModelRule<'p>>,
    /// Models that are patterns, by what stands before the `*`.
    prefixes: BTreeMap<&'p [u8], ModelRule<'p>>,
    /// The routes with a model.
    groups: BTreeMap<Option<Endpoint>, Group>,
}

/// Routes that take the same models, and those models.
struct Group {
    /// The rules for callers that have one of the routes.
    routes: CallerSet,
    /// The rules for callers that have one of the models; `None` if there is no model.
    models: Option<CallerSet>,
    /// Whether one of the routes has a JSON body.
    has_json: bool,
}

impl<'p> Reach<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let routes = policy.routes();
        let routes: Vec<RouteRule<'p>> = routes
            .filter(|route| route.action == Action::Forward)
            .collect();
        let places = routes.iter().enumerate();
        let places = places.map(|(place, it)| ((it.method, it.template), place));
        let models: BTreeMap<&str, ModelRule<'p>> =
            policy.models().map(|it| (it.pattern, it)).collect();
        let prefix = |it: &ModelRule<'p>| Some((it.pattern.strip_suffix('*')?.as_bytes(), *it));
        Self {
            callers: Caller::all(policy),
            places: places.collect(),
            prefixes: models.values().filter_map(prefix).collect(),
            groups: groups(&routes, &models),
            routes,
            models,
        }
    }

    /// The route that is forwarded under a name, as `METHOD template`.
    pub(super) fn route(&self, name: &str) -> Option<&RouteRule<'p>> {
        self.routes.get(*self.places.get(&name.split_once(' ')?)?)
    }

    pub(super) fn model(&self, pattern: &str) -> Option<&ModelRule<'p>> {
        self.models.get(pattern)
    }

    /// The pattern that would count for a model's names if the model were not there.
    pub(super) fn next_wider(&self, model: &ModelRule<'_>) -> Option<&ModelRule<'p>> {
        let prefix = model.pattern.strip_suffix('*');
        let mut stem = prefix.unwrap_or(model.pattern).as_bytes();
        let mut end = match prefix {
            Some(_) => Bound::Excluded(stem),
            None => Bound::Included(stem),
        };
        loop {
            let range: (Bound<&[u8]>, Bound<&[u8]>) = (Bound::Unbounded, end);
            // No prefix of the stem comes after `found`, so each that there is begins `found` too.
            let (found, rule) = self.prefixes.range::<[u8], _>(range).next_back()?;
            let pairs = stem.iter().zip(found.iter());
            let shared = pairs.take_while(|(one, other)| one == other).count();
            if shared == found.len() {
                return Some(rule);
            }
            stem = stem.get(..shared)?;
            end = Bound::Included(stem);
        }
    }

    /// The rule of a name with its place.
    pub(super) fn caller(&self, name: &str) -> Option<(usize, &Caller<'p>)> {
        let mut callers = self.callers.iter().enumerate();
        callers.find(|(_, it)| it.rule.name == name)
    }

    /// The rules for callers of each route and each model.
    pub(super) fn caller_sets(&self) -> impl Iterator<Item = CallerSet> {
        let routes = self.routes.iter().map(|route| route.callers);
        let models = self.models.values();
        routes.chain(models.map(|model| model.terms.callers))
    }

    /// Whether some route takes the model's name, whoever calls.
    pub(super) fn is_taken(&self, model: &ModelRule<'_>) -> bool {
        self.groups_of(model).next().is_some()
    }

    /// Whether some route that takes the model's name has a JSON body.
    pub(super) fn is_taken_in_json(&self, model: &ModelRule<'_>) -> bool {
        self.groups_of(model).any(|group| group.has_json)
    }

    /// Whether a request on some route can name the model.
    pub(super) fn can_be_named(&self, model: &ModelRule<'_>) -> bool {
        let callers = model.terms.callers;
        self.groups_of(model)
            .any(|group| self.together(callers, group.routes))
    }

    /// Whether a route with a model takes the name of one, whoever calls.
    pub(super) fn takes_a_model(&self, route: &RouteRule<'_>) -> bool {
        self.models_on(route).is_some()
    }

    /// Whether a request on a route with a model can name one.
    pub(super) fn can_name_a_model(&self, route: &RouteRule<'_>) -> bool {
        self.models_on(route)
            .is_some_and(|models| self.together(models, route.callers))
    }

    fn groups_of(&self, model: &ModelRule<'_>) -> impl Iterator<Item = &Group> {
        let endpoints = model.endpoints;
        let groups = self.groups.iter();
        groups
            .filter(move |(endpoint, _)| endpoints.include(**endpoint))
            .map(|(_, group)| group)
    }

    /// The rules for callers that have a model for the route.
    fn models_on(&self, route: &RouteRule<'_>) -> Option<CallerSet> {
        let endpoint = Endpoint::of(route.method, route.template);
        self.groups.get(&endpoint)?.models
    }

    /// Whether one key can fit a rule of each set. Further rules that it fits only add to what it
    /// may do.
    fn together(&self, one: CallerSet, other: CallerSet) -> bool {
        let mut callers = self.callers.iter().enumerate();
        self.callers.is_empty()
            || callers.any(|(place, caller)| has(one, place) && caller.fits_with(other))
    }

    /// Whether a key that may use the model can have these labels.
    pub(super) fn can_have(&self, model: &ModelRule<'_>, labels: Labels<'_>) -> bool {
        let mut callers = self.callers.iter().enumerate();
        self.callers.is_empty()
            || callers.any(|(place, caller)| {
                has(model.terms.callers, place) && agree(caller.rule.labels, labels)
            })
    }
}

/// A group is reached if one of its routes or models is: so their rules for callers are put together.
fn groups(
    routes: &[RouteRule<'_>],
    models: &BTreeMap<&str, ModelRule<'_>>,
) -> BTreeMap<Option<Endpoint>, Group> {
    let mut groups = BTreeMap::new();
    for route in routes.iter().filter(|it| it.model != ModelSource::None) {
        let endpoint = Endpoint::of(route.method, route.template);
        let group = groups.entry(endpoint).or_insert(Group {
            routes: CallerSet::NONE,
            models: None,
            has_json: false,
        });
        group.routes = union(group.routes, route.callers);
        group.has_json |= route.model == ModelSource::Json;
    }
    for model in models.values() {
        for (endpoint, group) in &mut groups {
            if model.endpoints.include(*endpoint) {
                let before = group.models.unwrap_or(CallerSet::NONE);
                group.models = Some(union(before, model.terms.callers));
            }
        }
    }
    groups
}

const fn union(one: CallerSet, other: CallerSet) -> CallerSet {
    CallerSet::from_bits(one.bits() | other.bits())
}
