//! What a compiled document says of itself: made from its rules in one place, so that a document
//! and its component describe themselves alike.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    Action, CatalogueEntry, Ceilings, Description, Endpoint, Endpoints, ModelRule, ModelSource,
    NameList, RouteDescription, RouteIndex, RouteRule, Rules, ScopeSet, Wants,
    gt::CONVERSATION_HEADER,
    published_name,
    terms::{ANSWERS, EFFORT, TOKENS},
};

/// The description of a policy with these rules. `models` are the rules of its exact names.
pub(crate) fn description<'a>(
    rules: &impl Rules,
    name: &str,
    version: &str,
    models: impl Iterator<Item = ModelRule<'a>>,
) -> Description {
    let routed = rules
        .routes()
        .filter(|route| route.model != ModelSource::None);
    let routed = routed.filter_map(|route| Endpoint::of(route.method, route.template));
    let routed: Endpoints = routed.collect();
    let is_listed = |model: &ModelRule<'_>| {
        model.endpoints == Endpoints::ALL || model.endpoints.bits() & routed.bits() != 0
    };
    let ceilings = rules.ceilings().fold(Ceilings::default(), Ceilings::and);
    Description {
        name: name.into(),
        version: version.into(),
        routes: rules
            .routes()
            .map(|route| route_description(&route))
            .collect(),
        headers: asked_headers(rules),
        wants: Wants {
            labels: rules.reads_labels(),
            models: true,
            published: true,
            datasets: true,
        },
        body_members: asked_members(ceilings),
        model_count: u32::try_from(models.filter(is_listed).count()).unwrap_or(u32::MAX),
    }
}

/// The headers a decision looks at, each once.
fn asked_headers(rules: &impl Rules) -> Vec<String> {
    let mut names = vec![CONVERSATION_HEADER];
    for route in rules.routes() {
        for name in route.required_headers.iter() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.into_iter().map(String::from).collect()
}

/// The members of bodies that a decision looks at, if there are these ceilings somewhere.
fn asked_members(ceilings: Ceilings) -> Vec<String> {
    let tokens = ceilings.tokens.map(|_| TOKENS).into_iter().flatten();
    let answers = ceilings.answers.map(|_| ANSWERS);
    let effort = ceilings.effort.map(|_| EFFORT);
    let names = tokens.chain(answers).chain(effort);
    names.map(String::from).collect()
}

/// The catalogue's entry for an exact name; `None` if no route of the policy takes the name.
pub(crate) fn catalogue_entry(rules: &impl Rules, model: &ModelRule<'_>) -> Option<CatalogueEntry> {
    Some(CatalogueEntry {
        name: model.pattern.into(),
        published: published(model),
        is_listed: model.terms.is_listed,
        deprecated: model.terms.deprecated.map(String::from),
        routes: usable_routes(rules, model.endpoints)?,
    })
}

/// What a name may lead to, each once.
fn published(model: &ModelRule<'_>) -> Vec<String> {
    if model.terms.choices.is_empty() {
        return vec![published_name(model, model.pattern).into()];
    }
    let mut names: Vec<String> = Vec::new();
    for choice in model.terms.choices.iter() {
        if !names.iter().any(|name| name == choice.published) {
            names.push(choice.published.into());
        }
    }
    names
}

/// The routes a name for these endpoints works on, as an entry has them: none for all.
fn usable_routes(rules: &impl Rules, endpoints: Endpoints) -> Option<Vec<RouteIndex>> {
    if endpoints == Endpoints::ALL {
        return Some(Vec::new());
    }
    let takes_it = |route: &RouteRule<'_>| {
        route.model != ModelSource::None
            && endpoints.include(Endpoint::of(route.method, route.template))
    };
    let indices = (0..).map(RouteIndex);
    let routes: Vec<RouteIndex> = indices
        .zip(rules.routes())
        .filter(|(_, route)| takes_it(route))
        .map(|(index, _)| index)
        .collect();
    // An empty list would say "every route".
    (!routes.is_empty()).then_some(routes)
}

fn route_description(route: &RouteRule<'_>) -> RouteDescription {
    let owned = |names: NameList<'_>| names.iter().map(String::from).collect();
    let owned_set = |set: ScopeSet<'_>| set.iter().map(String::from).collect();
    RouteDescription {
        method: route.method.into(),
        template: route.template.into(),
        verdict: route.verdict,
        forwarded: route.action == Action::Forward,
        purposes: route.purposes,
        scopes: route.scopes.iter().map(owned_set).collect(),
        model: route.model,
        query: owned(route.query),
        headers: owned(route.headers),
        reason: route.because.map(String::from),
    }
}
