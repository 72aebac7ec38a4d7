//! The models of a document.

use super::{names, routes::Routes, words};
use crate::{
    Document, Endpoint, Endpoints, List,
    diagnostic::{Code, Findings},
    policy::ModelEntry,
};

pub(super) fn models(
    document: &Document,
    routes: &Routes,
    findings: &mut Findings,
) -> Vec<ModelEntry> {
    let mut models = Vec::with_capacity(document.models.len());
    for written in &document.models {
        names::model(&written.name, findings);
        if let Some(text) = &written.published {
            names::published(text, findings);
        }
        let list = written.endpoints.as_ref();
        // Without the routes nothing can be said about them.
        let routes = document.routes.is_some().then_some(routes);
        models.push(ModelEntry {
            pattern: written.name.value.clone(),
            published: written.published.as_ref().map(|text| text.value.clone()),
            endpoints: list.map_or(Endpoints::ALL, |list| endpoints(list, routes, findings)),
        });
    }
    models
}

fn endpoints(list: &List, routes: Option<&Routes>, findings: &mut Findings) -> Endpoints {
    words::not_empty(
        list,
        "`for`",
        "leave it out for every route with a model",
        findings,
    );
    words::no_repeats(list, findings);
    let known = Endpoint::ALL.map(|endpoint| (endpoint.word(), endpoint));
    let mut found = Vec::new();
    for text in &list.items {
        let endpoint = words::one_of(text, "endpoint", &known, Code::UnknownEndpoint, findings);
        let Some(endpoint) = endpoint else { continue };
        found.push(endpoint);
        if routes.is_some_and(|routes| !routes.forward(endpoint)) {
            let word = endpoint.word();
            let message = format!("`{word}` is named, and no route of this policy forwards it");
            let help = format!("add `POST {}`, or leave `{word}` out", endpoint.template());
            findings.add_with_help(Code::EndpointWithoutRoute, text.position, message, help);
        }
    }
    found.into_iter().collect()
}
