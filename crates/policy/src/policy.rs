//! A checked policy, and the plain reference for finding things in it.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    Action, CallerRule, CallerSet, Case, CatalogueEntry, Ceilings, Choices, Client, Description,
    Endpoints, Labels, ModelRule, ModelSource, NameList, Purposes, RouteRule, Rules, ScopeSets,
    SetHeaders, Terms, Verdict, Words, describe,
    tables::{self, Content, EncodeError},
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
    callers: Vec<CallerEntry>,
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
    pub(crate) callers: Vec<CallerEntry>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteEntry {
    pub(crate) method: String,
    pub(crate) template: String,
    pub(crate) verdict: Verdict,
    pub(crate) action: Action,
    pub(crate) purposes: Purposes,
    /// Packed, as in [`ScopeSets`].
    pub(crate) scopes: Option<String>,
    pub(crate) model: ModelSource,
    pub(crate) query: String,
    pub(crate) headers: String,
    pub(crate) required_headers: String,
    /// Packed, as in [`SetHeaders`].
    pub(crate) set_headers: String,
    pub(crate) callers: CallerSet,
    pub(crate) because: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelEntry {
    pub(crate) pattern: String,
    pub(crate) published: Option<String>,
    pub(crate) endpoints: Endpoints,
    pub(crate) is_listed: bool,
    pub(crate) deprecated: Option<String>,
    /// Packed, as in [`Choices`].
    pub(crate) choices: String,
    pub(crate) ceilings: Ceilings,
    pub(crate) callers: CallerSet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallerEntry {
    pub(crate) name: String,
    /// Packed, as in [`Words`].
    pub(crate) keys: String,
    /// Packed, as in [`Labels`].
    pub(crate) labels: String,
    pub(crate) ceilings: Ceilings,
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
            callers,
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
            callers,
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

    /// The policy's tables.
    ///
    /// # Errors
    /// If it has too much for a 32-bit memory.
    pub fn tables(&self) -> Result<Vec<u8>, EncodeError> {
        tables::encode(Content {
            name: &self.name,
            version: &self.version,
            routes: self.routes().collect(),
            models: self.models().collect(),
            callers: self.callers().collect(),
        })
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

    fn exact_models(&self) -> impl Iterator<Item = ModelRule<'_>> {
        self.names.values().map(ModelEntry::rule)
    }

    fn callers(&self) -> impl Iterator<Item = CallerRule<'_>> {
        self.callers.iter().map(CallerEntry::rule)
    }

    fn terms(&self) -> impl Iterator<Item = Terms<'_>> {
        self.models().map(|model| model.terms)
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
            scopes: ScopeSets::new(self.scopes.as_deref()),
            model: self.model,
            query: NameList::new(&self.query),
            headers: NameList::new(&self.headers),
            required_headers: NameList::new(&self.required_headers),
            set_headers: SetHeaders::new(&self.set_headers),
            callers: self.callers,
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
            terms: Terms {
                is_listed: self.is_listed,
                deprecated: self.deprecated.as_deref(),
                choices: Choices::new(&self.choices),
                ceilings: self.ceilings,
                callers: self.callers,
            },
        }
    }
}

impl CallerEntry {
    fn rule(&self) -> CallerRule<'_> {
        CallerRule {
            name: &self.name,
            keys: Words::new(&self.keys),
            labels: Labels::new(&self.labels),
            ceilings: self.ceilings,
        }
    }
}
