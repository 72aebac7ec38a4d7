//! A first decision, so that a policy that cannot decide does not come into service.

use signalbox_policy::{
    Caller, Decision, Names, Purposes, Request, RequestedModel, RouteDescription,
};

use crate::{DecideError, Plugin};

/// Asks for one decision as a caller who may do everything. Any legal answer will do.
pub(super) fn run(plugin: &Plugin) -> Result<(), DecideError> {
    let description = plugin.description();
    let route = description
        .routes
        .iter()
        .find(|route| route.forwarded)
        .or_else(|| description.routes.first());
    let path = route.map_or_else(|| "/v1/models".to_owned(), path);
    let caller = caller(route);
    let request = Request {
        method: route.map_or("GET", |route| &route.method),
        path: &path,
        query: None,
        content_type: None,
        headers: &[],
        caller: &caller,
        model: RequestedModel::Unread,
        body_members: &[],
    };
    if plugin.decide(&request)? == Decision::ReadModel {
        let name = plugin
            .catalogue()
            .iter()
            .next()
            .map_or("trial", |entry| &entry.name);
        plugin.decide(&Request {
            model: RequestedModel::Named(name),
            ..request
        })?;
    }
    Ok(())
}

/// A path that the route's template takes.
fn path(route: &RouteDescription) -> String {
    let segment = |segment| {
        if str::starts_with(segment, '{') {
            "trial"
        } else {
            segment
        }
    };
    route
        .template
        .split('/')
        .map(segment)
        .collect::<Vec<_>>()
        .join("/")
}

fn caller(route: Option<&RouteDescription>) -> Caller {
    Caller {
        id: "signalbox-trial".into(),
        purposes: Purposes::from_bits(u8::MAX),
        scopes: route.map(|route| route.scopes.concat()).unwrap_or_default(),
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }
}
