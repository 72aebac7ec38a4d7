//! Contract 0.1: routes by name, one set of scopes, one published name.

use signalbox_policy as own;

use super::{List, Lowered};
use crate::{
    Violation, bindings::v0_1::signalbox::policy::types as wit, detail, load::CatalogueFault,
};

alike!();

pub(crate) fn request<'x>(
    lowered: &'x Lowered<'_>,
    headers: &'x [wit::HeaderParam<'x>],
) -> wit::Request<'x> {
    let request = lowered.request;
    wit::Request {
        method: request.method,
        path: request.path,
        query: request.query,
        content_type: request.content_type,
        headers,
        caller: caller(lowered),
        model: requested(request.model),
        // Contract 0.1 defines none.
        facts: &[],
    }
}

/// # Errors
/// If it forwards to a route that was not described.
pub(crate) fn decision(
    decision: wit::Decision,
    described: &own::Description,
) -> Result<own::Decision, Violation> {
    Ok(match decision {
        wit::Decision::Forward(it) => own::Decision::Forward(forward(it, described)?),
        wit::Decision::ListModels(mode) => own::Decision::ListModels(list_mode(mode)),
        wit::Decision::ReadModel => own::Decision::ReadModel,
        wit::Decision::Refuse(it) => own::Decision::Refuse(refusal(it)),
    })
}

fn forward(forward: wit::Forward, described: &own::Description) -> Result<own::Forward, Violation> {
    let wit::Forward {
        route,
        parameters,
        query,
        model,
        restamp,
        set_headers,
        drop_headers,
        labels,
    } = forward;
    let unknown = || Violation::UnknownRoute(detail::excerpt(&route, 100));
    Ok(own::Forward {
        route: index(described, &route).ok_or_else(unknown)?,
        parameters,
        query,
        model,
        response_model: restamp,
        notice: None,
        set_headers: set_headers.into_iter().map(header).collect(),
        drop_headers,
        labels,
    })
}

pub(crate) fn description(description: wit::Description) -> own::Description {
    let wit::Description {
        name,
        version,
        routes,
        headers,
        wants: wanted,
        models,
    } = description;
    own::Description {
        name,
        version,
        routes: routes.into_iter().map(route).collect(),
        headers,
        wants: wants(wanted),
        body_members: Vec::new(),
        model_count: models,
    }
}

fn route(route: wit::Route) -> own::RouteDescription {
    // All of its scopes must be on the key: that is one set.
    let set = Some(route.scopes).filter(|scopes| !scopes.is_empty());
    own::RouteDescription {
        method: route.method,
        template: route.template,
        verdict: verdict(route.verdict),
        forwarded: route.forwarded,
        purposes: route.purposes.into_iter().map(purpose).collect(),
        scopes: set.into_iter().collect(),
        model: model_source(route.model),
        query: route.query,
        headers: route.headers,
        reason: route.reason,
    }
}

/// # Errors
/// If it works on a route that was not described.
pub(crate) fn entry(
    model: wit::Model,
    described: &own::Description,
) -> Result<own::CatalogueEntry, CatalogueFault> {
    let wit::Model {
        name,
        published,
        routes,
    } = model;
    let index = |route: &String| {
        index(described, route).ok_or_else(|| CatalogueFault::Route {
            name: detail::excerpt(&name, 100),
            route: detail::excerpt(route, 100),
        })
    };
    Ok(own::CatalogueEntry {
        routes: routes.iter().map(index).collect::<Result<_, _>>()?,
        published: vec![published],
        is_listed: true,
        deprecated: None,
        name,
    })
}

/// The place of a route by its name.
fn index(described: &own::Description, name: &str) -> Option<own::RouteIndex> {
    let (method, template) = name.split_once(' ')?;
    let is_it =
        |route: &own::RouteDescription| route.method == method && route.template == template;
    let place = described.routes.iter().position(is_it);
    place.map(own::RouteIndex::of)
}
