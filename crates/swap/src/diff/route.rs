//! A route of a policy.

use signalbox_policy::{
    Action, CallerSet, ModelSource, Purposes, RouteDescription, RouteRule, SetHeaders, Verdict,
};

use super::{Aspect, Change, Effect, Subject};

/// A route, as far as callers know it.
pub(super) struct Route<'a> {
    pub(super) name: String,
    pub(super) template: &'a str,
    pub(super) verdict: Verdict,
    pub(super) is_forwarded: bool,
    pub(super) purposes: Purposes,
    /// Any one of these sets will do.
    pub(super) scopes: Vec<Vec<&'a str>>,
    pub(super) model: ModelSource,
    pub(super) query: Vec<&'a str>,
    pub(super) headers: Vec<&'a str>,
    pub(super) because: Option<&'a str>,
    pub(super) required_headers: Vec<&'a str>,
    pub(super) set_headers: SetHeaders<'a>,
    pub(super) callers: CallerSet,
}

impl<'a> Route<'a> {
    pub(super) fn of_rule(rule: &RouteRule<'a>) -> Self {
        Self {
            name: [rule.method, " ", rule.template].concat(),
            template: rule.template,
            verdict: rule.verdict,
            is_forwarded: rule.action == Action::Forward && rule.verdict != Verdict::NotSupported,
            purposes: rule.purposes,
            scopes: rule.scopes.iter().map(|set| set.iter().collect()).collect(),
            model: rule.model,
            query: rule.query.iter().collect(),
            headers: rule.headers.iter().collect(),
            because: rule.because,
            required_headers: rule.required_headers.iter().collect(),
            set_headers: rule.set_headers,
            callers: rule.callers,
        }
    }

    pub(super) fn of_description(route: &'a RouteDescription) -> Self {
        let texts = |all: &'a [String]| all.iter().map(String::as_str).collect();
        Self {
            name: route.name(),
            template: &route.template,
            verdict: route.verdict,
            is_forwarded: route.forwarded,
            purposes: route.purposes,
            scopes: route.scopes.iter().map(|set| texts(set)).collect(),
            model: route.model,
            query: texts(&route.query),
            headers: texts(&route.headers),
            because: route.reason.as_deref(),
            required_headers: Vec::new(),
            set_headers: SetHeaders::default(),
            callers: CallerSet::ALL,
        }
    }

    pub(super) fn change(&self, effect: Effect, aspect: Aspect, words: &str) -> Change {
        let text = format!("`{}` {words}", self.name);
        Change::new(effect, Subject::route(&self.name), aspect, text)
    }
}
