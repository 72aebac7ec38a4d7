//! What keys can get to: which rules for callers one key can fit at once, and which models can be
//! named on which routes.

use crate::{
    Action, CallerRule, CallerSet, Endpoint, Labels, ModelRule, ModelSource, Policy, RouteRule,
    Rules as _, Words,
};

/// A policy's rules, to be compared with each other.
pub(super) struct Reach<'p> {
    pub(super) callers: Vec<CallerRule<'p>>,
    /// Those that are forwarded.
    pub(super) routes: Vec<RouteRule<'p>>,
    pub(super) models: Vec<ModelRule<'p>>,
}

impl<'p> Reach<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let routes = policy.routes();
        Self {
            callers: policy.callers().collect(),
            routes: routes
                .filter(|route| route.action == Action::Forward)
                .collect(),
            models: policy.models().collect(),
        }
    }

    /// The route that is forwarded under a name, as `METHOD template`.
    pub(super) fn route(&self, name: &str) -> Option<&RouteRule<'p>> {
        let (method, template) = name.split_once(' ')?;
        let mut routes = self.routes.iter();
        routes.find(|it| it.method == method && it.template == template)
    }

    pub(super) fn model(&self, pattern: &str) -> Option<&ModelRule<'p>> {
        self.models.iter().find(|it| it.pattern == pattern)
    }

    /// The rule of a name with its place.
    pub(super) fn caller(&self, name: &str) -> Option<(usize, &CallerRule<'p>)> {
        let mut callers = self.callers.iter().enumerate();
        callers.find(|(_, it)| it.name == name)
    }

    /// Whether a request on the route can name the model.
    pub(super) fn goes(&self, model: &ModelRule<'_>, route: &RouteRule<'_>) -> bool {
        works(model, route) && self.together(model.terms.callers, route.callers)
    }

    /// Whether one key can fit a rule of each set. Further rules that it fits only add to what it
    /// may do.
    fn together(&self, one: CallerSet, other: CallerSet) -> bool {
        let of = |set: CallerSet| {
            let callers = self.callers.iter().enumerate();
            callers.filter(move |(place, _)| has(set, *place))
        };
        let mut pairs = of(one).flat_map(|(_, one)| of(other).map(move |(_, other)| (one, other)));
        self.callers.is_empty() || pairs.any(|(one, other)| can_be_one(one, other))
    }

    /// Whether a key that may use the model can have these labels.
    pub(super) fn can_have(&self, model: &ModelRule<'_>, labels: Labels<'_>) -> bool {
        let mut callers = self.callers.iter().enumerate();
        self.callers.is_empty()
            || callers
                .any(|(place, rule)| has(model.terms.callers, place) && agree(rule.labels, labels))
    }
}

/// Whether the model's name is taken on the route, whoever calls.
pub(super) fn works(model: &ModelRule<'_>, route: &RouteRule<'_>) -> bool {
    route.model != ModelSource::None
        && model
            .endpoints
            .include(Endpoint::of(route.method, route.template))
}

pub(super) fn has(set: CallerSet, place: usize) -> bool {
    set.meets(CallerSet::NONE.with(place))
}

fn can_be_one(one: &CallerRule<'_>, other: &CallerRule<'_>) -> bool {
    let mut keys = one.keys.iter();
    let share_a_key =
        one.keys.is_empty() || other.keys.is_empty() || keys.any(|key| is_in(key, other.keys));
    share_a_key && agree(one.labels, other.labels)
}

/// Whether a key can have both labels. It has one value of each name.
pub(super) fn agree(one: Labels<'_>, other: Labels<'_>) -> bool {
    one.iter().all(|(name, values)| {
        let mut same = other.iter().filter(|(other, _)| *other == name);
        same.all(|(_, others)| values.iter().any(|value| is_in(value, others)))
    })
}

/// Whether every key that has the labels `narrow` has `wide` too.
pub(super) fn covers(wide: Labels<'_>, narrow: Labels<'_>) -> bool {
    wide.iter().all(|(name, values)| {
        let mut same = narrow.iter().filter(|(other, _)| *other == name);
        same.any(|(_, others)| others.iter().all(|value| is_in(value, values)))
    })
}

pub(super) fn is_in(word: &str, words: Words<'_>) -> bool {
    words.iter().any(|it| it == word)
}
