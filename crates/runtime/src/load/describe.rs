//! The checks on what a policy says of itself.

use std::collections::HashSet;

use signalbox_policy::{Description, RouteDescription, Verdict, headers::is_credential, limits};

use super::{DescriptionFault, RouteFault};
use crate::{contract, detail};

/// Checks a description; what passed can be relied on by host and legal check alike.
pub(super) fn check(description: &Description) -> Result<(), DescriptionFault> {
    // The version is free text, and a document need not have one.
    let version = &description.version;
    if !contract::is_model_name(&description.name)
        || !(version.is_empty() || contract::is_model_name(version))
    {
        return Err(DescriptionFault::Name);
    }
    for (what, count, most) in [
        ("routes", description.routes.len(), limits::ROUTES),
        ("headers", description.headers.len(), limits::HEADERS),
        (
            "members of the body",
            description.body_members.len(),
            limits::BODY_MEMBERS,
        ),
        (
            "models",
            usize::try_from(description.model_count).unwrap_or(usize::MAX),
            limits::MODELS,
        ),
    ] {
        if count > most {
            return Err(DescriptionFault::TooMany(what));
        }
    }
    for name in &description.headers {
        if !contract::is_name(name) {
            return Err(DescriptionFault::Header(detail::excerpt(name, 100)));
        }
        if is_credential(name) {
            return Err(DescriptionFault::Credential(name.clone()));
        }
    }
    check_body_members(&description.body_members)?;
    check_routes(&description.routes)
}

/// The scan has one place for each name, and the model's is its own.
fn check_body_members(names: &[String]) -> Result<(), DescriptionFault> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    for (place, name) in names.iter().enumerate() {
        let mut before = names.iter().take(place);
        if !(1..=limits::BODY_MEMBER_NAME).contains(&name.len())
            || !name.bytes().all(is_legal)
            || name.eq_ignore_ascii_case("model")
            || before.any(|before| before.eq_ignore_ascii_case(name))
        {
            return Err(DescriptionFault::BodyMember(detail::excerpt(name, 100)));
        }
    }
    Ok(())
}

fn check_routes(routes: &[RouteDescription]) -> Result<(), DescriptionFault> {
    let mut seen = HashSet::new();
    for route in routes {
        let name = || detail::excerpt(&format!("{} {}", route.method, route.template), 200);
        if let Some(fault) = fault_of(route) {
            return Err(DescriptionFault::Route {
                route: name(),
                fault,
            });
        }
        if !seen.insert((&route.method, shape(&route.template))) {
            return Err(DescriptionFault::DoubledRoute(name()));
        }
    }
    Ok(())
}

fn fault_of(route: &RouteDescription) -> Option<RouteFault> {
    if !is_method(&route.method) {
        return Some(RouteFault::Method);
    }
    if !is_template(&route.template) {
        return Some(RouteFault::Template);
    }
    if route.forwarded && route.verdict == Verdict::NotSupported {
        return Some(RouteFault::NotSupportedForwarded);
    }
    if route.purposes.is_empty() {
        return Some(RouteFault::NoPurpose);
    }
    let quote = |text: &String| detail::excerpt(text, 100);
    if route.scopes.iter().any(Vec::is_empty) {
        return Some(RouteFault::ScopeSet);
    }
    if let Some(scope) = route.scopes.iter().flatten().find(|scope| !is_scope(scope)) {
        return Some(RouteFault::Scope(quote(scope)));
    }
    if let Some(name) = route.query.iter().find(|name| !is_query_name(name)) {
        return Some(RouteFault::Query(quote(name)));
    }
    let is_header = |name: &String| contract::is_name(name) && !contract::is_reserved(name);
    if let Some(name) = route.headers.iter().find(|name| !is_header(name)) {
        return Some(RouteFault::Header(quote(name)));
    }
    None
}

/// The template with its parameters' names left out: what decides which paths it takes.
fn shape(template: &str) -> Vec<&str> {
    let segment = |segment| if is_parameter(segment) { "{}" } else { segment };
    template.split('/').map(segment).collect()
}

fn is_method(method: &str) -> bool {
    (1..=16).contains(&method.len())
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && !["CONNECT", "TRACE"].contains(&method)
}

fn is_template(template: &str) -> bool {
    let Some(rest) = template.strip_prefix("/v1/") else {
        return false;
    };
    let mut names = HashSet::new();
    template.len() <= MAX_TEMPLATE
        && rest
            .split('/')
            .all(|part| is_parameter(part) || contract::is_segment(part))
        && contract::parameters(template).all(|name| contract::is_word(name) && names.insert(name))
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

fn is_scope(scope: &str) -> bool {
    (1..=128).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A query that named the model would be a second place to choose it.
fn is_query_name(name: &str) -> bool {
    contract::is_segment(name) && !name.eq_ignore_ascii_case("model")
}

const MAX_TEMPLATE: usize = 256;

#[cfg(test)]
mod tests;
