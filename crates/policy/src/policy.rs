//! A checked policy, and the plain reference for finding things in it.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    Action, Case, CatalogueEntry, Client, Description, Endpoints, ModelRule, ModelSource, NameList,
    Purposes, RouteRule, Rules, ScopeSets, Verdict, describe,
};

/// A checked policy. Only [`crate::Document::check`] and [`crate::read`] make one.
///
/// It finds things the plain way, and deliberately not cleverly: it is what the compiled tables
/// are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    name: String,
    version: String,
    about: Option<String>,
    client: Option<Client>,
    routes: Vec<RouteEntry>,
    names: BTreeMap<String, ModelEntry>,
    /// By what stands before the `*`.
    patterns: BTreeMap<String, ModelEntry>,
    cases: Vec<Case>,
}

/// What a policy is made of.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) about: Option<String>,
    pub(crate) client: Option<Client>,
    pub(crate) routes: Vec<RouteEntry>,
    pub(crate) models: Vec<ModelEntry>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteEntry {
    pub(crate) method: String,
    pub(crate) template: String,
    pub(crate) verdict: Verdict,
    pub(crate) action: Action,
    pub(crate) purposes: Purposes,
    pub(crate) scope: Option<String>,
    pub(crate) model: ModelSource,
    pub(crate) query: String,
    pub(crate) headers: String,
    pub(crate) because: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelEntry {
    pub(crate) pattern: String,
    pub(crate) published: Option<String>,
    pub(crate) endpoints: Endpoints,
}

impl Policy {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            name,
            version,
            about,
            client,
            mut routes,
            models,
            cases,
        } = parts;
        routes.sort_by(|a, b| (&a.template, &a.method).cmp(&(&b.template, &b.method)));
        let mut names = BTreeMap::new();
        let mut patterns = BTreeMap::new();
        for model in models {
            match model.pattern.strip_suffix('*') {
                Some(prefix) => patterns.insert(prefix.to_owned(), model),
                None => names.insert(model.pattern.clone(), model),
            };
        }
        Self {
            name,
            version,
            about,
            client,
            routes,
            names,
            patterns,
            cases,
        }
    }

    /// The policy's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The policy's own version; empty if the document gives none.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is for, for people.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The client it is for, if the document says so.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// The cases the document carries, in its order.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Every model rule: exact names first, then patterns, each in ascending byte order.
    pub fn models(&self) -> impl Iterator<Item = ModelRule<'_>> {
        self.names
            .values()
            .chain(self.patterns.values())
            .map(ModelEntry::rule)
    }

    /// Exact names and patterns of models that differ in case alone, in pairs: GT tells them apart,
    /// and who reads them may not.
    #[must_use]
    pub fn names_alike(&self) -> Vec<(&str, &str)> {
        let mut seen = BTreeMap::new();
        let mut alike = Vec::new();
        for model in self.models() {
            match seen.entry(model.pattern.to_lowercase()) {
                Entry::Vacant(free) => drop(free.insert(model.pattern)),
                Entry::Occupied(first) => alike.push((*first.get(), model.pattern)),
            }
        }
        alike
    }

    /// What the policy says of itself when it is loaded.
    #[must_use]
    pub fn description(&self) -> Description {
        let names = self.names.values().map(ModelEntry::rule);
        describe::description(self, &self.name, &self.version, names)
    }

    /// The names a client may be shown, in ascending byte order: exact ones, never patterns.
    #[must_use]
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        let entry = |model: &ModelEntry| describe::catalogue_entry(self, &model.rule());
        self.names.values().filter_map(entry).collect()
    }
}

impl Rules for Policy {
    fn routes(&self) -> impl Iterator<Item = RouteRule<'_>> {
        self.routes.iter().map(RouteEntry::rule)
    }

    fn model(&self, name: &str) -> Option<ModelRule<'_>> {
        let exact = self.names.get(name);
        let longest = || {
            let fitting = self
                .patterns
                .iter()
                .filter(|(prefix, _)| name.starts_with(*prefix));
            fitting
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, model)| model)
        };
        exact.or_else(longest).map(ModelEntry::rule)
    }
}

impl RouteEntry {
    fn rule(&self) -> RouteRule<'_> {
        RouteRule {
            method: &self.method,
            template: &self.template,
            verdict: self.verdict,
            action: self.action,
            purposes: self.purposes,
            scopes: ScopeSets::new(self.scope.as_deref()),
            model: self.model,
            query: NameList::new(&self.query),
            headers: NameList::new(&self.headers),
            because: self.because.as_deref(),
        }
    }
}

impl ModelEntry {
    fn rule(&self) -> ModelRule<'_> {
        ModelRule {
            pattern: &self.pattern,
            published: self.published.as_deref(),
            endpoints: self.endpoints,
        }
    }
}
