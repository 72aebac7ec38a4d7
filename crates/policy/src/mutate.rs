//! Changes of single rules of a document, each of which a case should notice.
//!
//! What is changed is what is written: a purpose that GT's own default gives is not, and neither is a
//! text for people, nor what no decision shows (`headers`, `model` of a route).

use crate::{Document, Policy, Position, Rules, document::Published};

mod at;
mod callers;
mod ceilings;
mod choices;
mod models;
mod routes;
mod scope;

/// One change of one rule.
pub(crate) struct Change {
    /// Where the rule is written.
    pub(crate) position: Position,
    /// Which rule.
    pub(crate) rule: String,
    /// What is done to it.
    pub(crate) change: String,
    /// Which case would notice.
    pub(crate) help: String,
    pub(crate) apply: Apply,
}

type Apply = Box<dyn Fn(&mut Document)>;

/// Every change of a document, which is `policy`; in the order of routes, models, sets and callers.
pub(crate) fn changes(document: &Document, policy: &Policy) -> Vec<Change> {
    let mut found = Changes::default();
    for (place, written) in document.routes.iter().flatten().enumerate() {
        let is_it = |rule: &crate::RouteRule<'_>| {
            let words = written.key.value.split_whitespace();
            words.eq([rule.method, rule.template])
        };
        if let Some(rule) = policy.routes().find(is_it) {
            found.about(
                written.key.position,
                format!("route `{}`", written.key.value),
            );
            routes::changes(place, written, &rule, &mut found);
        }
    }
    let forwarded = routes::forwarded_endpoints(policy);
    for (place, written) in document.models.iter().enumerate() {
        found.about(
            written.name.position,
            format!("model `{}`", written.name.value),
        );
        models::changes(place, written, &forwarded, &mut found);
        if let Some(Published::Choices(choices, _)) = &written.published {
            choices::changes(place, choices, &mut found);
        }
    }
    for (place, set) in document.sets.iter().enumerate() {
        found.about(set.name.position, format!("set `{}`", set.name.value));
        callers::set_changes(place, set, &mut found);
    }
    let callers = document.callers.as_deref().unwrap_or_default();
    for (place, caller) in callers.iter().enumerate() {
        found.about(
            caller.name.position,
            format!("callers `{}`", caller.name.value),
        );
        callers::changes(place, caller, callers.len(), &mut found);
    }
    found.all
}

/// The changes found so far, and the rule that the next ones are of.
#[derive(Default)]
struct Changes {
    all: Vec<Change>,
    position: Position,
    rule: String,
}

impl Changes {
    fn about(&mut self, position: Position, rule: String) {
        (self.position, self.rule) = (position, rule);
    }

    fn add(
        &mut self,
        change: impl Into<String>,
        help: impl Into<String>,
        apply: impl Fn(&mut Document) + 'static,
    ) {
        self.all.push(Change {
            position: self.position,
            rule: self.rule.clone(),
            change: change.into(),
            help: help.into(),
            apply: Box::new(apply),
        });
    }
}
