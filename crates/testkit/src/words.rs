//! The words of a policy: requests that are made of them meet its rules.

use std::collections::BTreeSet;

use signalbox_cases::Decider;
use signalbox_policy::{BodyValue, Case, CatalogueEntry, RouteDescription};

/// What generated requests are made of: what a policy says of itself, and what cases of it say.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Method, template, and the names of the query.
    pub(crate) routes: Vec<(String, String, Vec<String>)>,
    /// Method and target of cases, as they are.
    pub(crate) targets: Vec<(String, String)>,
    pub(crate) scopes: BTreeSet<String>,
    /// What clients may write.
    pub(crate) models: BTreeSet<String>,
    pub(crate) published: BTreeSet<String>,
    /// Names of headers that are looked at.
    pub(crate) headers: BTreeSet<String>,
    pub(crate) header_values: BTreeSet<String>,
    /// Names of members of the body that are looked at.
    pub(crate) members: BTreeSet<String>,
    pub(crate) numbers: BTreeSet<u64>,
    pub(crate) texts: BTreeSet<String>,
    pub(crate) labels: BTreeSet<(String, String)>,
    pub(crate) keys: BTreeSet<String>,
}

impl Words {
    /// What a policy says of itself.
    #[must_use]
    pub fn of(policy: &impl Decider) -> Self {
        let description = policy.description();
        let route = |route: &RouteDescription| {
            let RouteDescription {
                method,
                template,
                query,
                ..
            } = route.clone();
            (method, template, query)
        };
        let entries = || policy.catalogue().take(MOST_MODELS);
        let published = |entry: &CatalogueEntry| entry.published.clone();
        let scopes = description.routes.iter().flat_map(|it| it.scopes.concat());
        Self {
            routes: description.routes.iter().map(route).collect(),
            scopes: scopes.collect(),
            models: entries().map(|entry| entry.name.clone()).collect(),
            published: entries().flat_map(published).collect(),
            headers: description.headers.iter().cloned().collect(),
            members: description.body_members.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// The same with what cases say: keys, labels, values.
    #[must_use]
    pub fn with_cases(mut self, cases: &[Case]) -> Self {
        for case in cases {
            let (method, target) = case.method_and_target();
            self.targets.push((method.to_owned(), target.to_owned()));
            self.scopes.extend(case.scopes.iter().cloned());
            self.models.extend(case.model.clone());
            self.keys.extend(case.key.clone());
            self.labels.extend(case.labels.clone());
            self.header_values.extend(case.headers.values().cloned());
            for value in case.body.values() {
                match value {
                    BodyValue::Integer(number) => {
                        // Limits are found at their edges.
                        let near = [number.saturating_sub(1), *number, number.saturating_add(1)];
                        self.numbers.extend(near);
                    }
                    BodyValue::Text(text) => self.texts.extend([text.clone()]),
                    BodyValue::Other(()) => {}
                }
            }
        }
        self
    }
}

/// Of a catalogue of a hundred thousand, some are as good as all.
const MOST_MODELS: usize = 256;
