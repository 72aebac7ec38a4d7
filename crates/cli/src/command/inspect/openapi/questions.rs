//! Asking a policy what one key may do on one route.

use std::collections::BTreeMap;

use signalbox_cases::{Answer, Question, ask};
use signalbox_policy::{
    Caller, Names, RequestedModel, RouteDescription, gt,
    gt::{CONVERSATION_HEADER, ConversationHeader},
};
use signalbox_runtime::Plugin;

use crate::command::inspect::tables;

/// What may stand for the model.
#[derive(Default)]
pub(super) struct Models {
    pub(super) names: Vec<String>,
    /// What other names may begin with.
    pub(super) prefixes: Vec<String>,
}

/// A route of a policy, and who asks.
pub(super) struct Questions<'a> {
    plugin: &'a Plugin,
    component: &'a [u8],
    caller: &'a Caller,
    route: &'a RouteDescription,
    target: String,
    headers: BTreeMap<String, String>,
}

impl<'a> Questions<'a> {
    pub(super) fn new(
        plugin: &'a Plugin,
        component: &'a [u8],
        caller: &'a Caller,
        route: &'a RouteDescription,
    ) -> Self {
        let names = plugin.description().headers.iter();
        let conversation = ConversationHeader::of(&route.method, &route.template);
        let is_given = |name: &&String| {
            *name != CONVERSATION_HEADER || conversation == ConversationHeader::Required
        };
        let headers = names
            .filter(is_given)
            .map(|name| (name.clone(), VALUE.to_owned()));
        Self {
            headers: headers.collect(),
            target: target(route, caller),
            plugin,
            component,
            caller,
            route,
        }
    }

    /// Whether a request without a model is let through.
    pub(super) fn is_allowed(&self) -> bool {
        self.asks(RequestedModel::Absent)
    }

    /// The names that are let through; `None` if there are none.
    pub(super) fn models(&self) -> Option<Models> {
        let entries = self.plugin.catalogue().iter();
        let names = entries.map(|entry| entry.name.clone());
        let mut models = Models {
            names: names.filter(|name| self.takes(name)).collect(),
            prefixes: Vec::new(),
        };
        if let Some(tables) = tables(self.plugin, self.component) {
            let patterns = tables.patterns();
            let prefixes = patterns.filter_map(|rule| rule.pattern.strip_suffix('*'));
            let takes = |prefix: &&str| self.takes(&[prefix, VALUE].concat());
            models.prefixes = prefixes.filter(takes).map(str::to_owned).collect();
            models.prefixes.sort();
        }
        let is_any = !models.names.is_empty() || !models.prefixes.is_empty();
        is_any.then_some(models)
    }

    /// The names that the list has.
    pub(super) fn listed(&self) -> Vec<String> {
        match self.ask(RequestedModel::Absent) {
            Some(Answer::List(names)) => names,
            _ => Vec::new(),
        }
    }

    fn takes(&self, model: &str) -> bool {
        self.asks(RequestedModel::Named(model))
    }

    fn asks(&self, model: RequestedModel<'_>) -> bool {
        matches!(
            self.ask(model),
            Some(Answer::Forward { .. } | Answer::List(_))
        )
    }

    /// `None` if it fails, which refuses.
    fn ask(&self, model: RequestedModel<'_>) -> Option<Answer> {
        let question = Question {
            method: &self.route.method,
            target: &self.target,
            headers: &self.headers,
            caller: self.caller,
            model,
            body: &BTreeMap::new(),
        };
        ask(self.plugin, &question).ok()
    }
}

/// A path of the route, with a dataset that the key has.
fn target(route: &RouteDescription, caller: &Caller) -> String {
    let dataset = match &caller.datasets {
        Names::Only(names) => names.first().map(|name| name.trim_end_matches('*')),
        Names::All => None,
    };
    let is_dataset = gt::dataset(&route.template, Some("")).is_some();
    let value = dataset
        .filter(|name| is_dataset && !name.is_empty())
        .unwrap_or(VALUE);
    let segments = route.template.split('/');
    let segments: Vec<_> = segments
        .map(|segment| {
            if segment.starts_with('{') {
                value
            } else {
                segment
            }
        })
        .collect();
    segments.join("/")
}

/// What stands where anything may.
const VALUE: &str = "signalbox";
