//! Contract 0.2, which Signalbox's own words are.

use signalbox_policy as own;

use super::{List, Lowered};
use crate::bindings::v0_2::signalbox::policy::types as wit;

alike!();

pub(crate) fn request<'x>(
    lowered: &'x Lowered<'_>,
    headers: &'x [wit::HeaderParam<'x>],
    body_members: &'x [(&'x str, wit::BodyMember<'x>)],
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
        body_members,
        // Contract 0.2 defines none.
        facts: &[],
    }
}

/// The members of the body that were asked for.
pub(crate) fn body_members<'x>(lowered: &'x Lowered<'_>) -> Vec<(&'x str, wit::BodyMember<'x>)> {
    let member = |&(name, value): &(&'x str, own::BodyMember<'x>)| (name, body_member(value));
    lowered.body_members.iter().map(member).collect()
}

const fn body_member(member: own::BodyMember<'_>) -> wit::BodyMember<'_> {
    match member {
        own::BodyMember::Integer(number) => wit::BodyMember::Integer(number),
        own::BodyMember::Text(text) => wit::BodyMember::Text(text),
        own::BodyMember::Unclear(fault) => wit::BodyMember::Unclear(match fault {
            own::BodyMemberFault::Repeated => wit::BodyMemberFault::Repeated,
            own::BodyMemberFault::LetterCase => wit::BodyMemberFault::LetterCase,
            own::BodyMemberFault::OtherType => wit::BodyMemberFault::OtherType,
            own::BodyMemberFault::TooLong => wit::BodyMemberFault::TooLong,
        }),
    }
}

pub(crate) fn decision(decision: wit::Decision) -> own::Decision {
    match decision {
        wit::Decision::Forward(it) => own::Decision::Forward(forward(it)),
        wit::Decision::ListModels(mode) => own::Decision::ListModels(list_mode(mode)),
        wit::Decision::ReadModel => own::Decision::ReadModel,
        wit::Decision::Refuse(it) => own::Decision::Refuse(refusal(it)),
    }
}

fn forward(forward: wit::Forward) -> own::Forward {
    let wit::Forward {
        route,
        parameters,
        query,
        model,
        response_model,
        notice,
        set_headers,
        drop_headers,
        labels,
    } = forward;
    own::Forward {
        route: own::RouteIndex(route),
        parameters,
        query,
        model,
        response_model,
        notice,
        set_headers: set_headers.into_iter().map(header).collect(),
        drop_headers,
        labels,
    }
}

pub(crate) fn description(description: wit::Description) -> own::Description {
    let wit::Description {
        name,
        version,
        routes,
        headers,
        wants: wanted,
        body_members,
        model_count,
    } = description;
    own::Description {
        name,
        version,
        routes: routes.into_iter().map(route).collect(),
        headers,
        wants: wants(wanted),
        body_members,
        model_count,
    }
}

fn route(route: wit::Route) -> own::RouteDescription {
    own::RouteDescription {
        method: route.method,
        template: route.template,
        verdict: verdict(route.verdict),
        forwarded: route.forwarded,
        purposes: route.purposes.into_iter().map(purpose).collect(),
        scopes: route.scopes,
        model: model_source(route.model),
        query: route.query,
        headers: route.headers,
        reason: route.reason,
    }
}

pub(crate) fn entry(model: wit::Model) -> own::CatalogueEntry {
    let wit::Model {
        name,
        published,
        listed,
        deprecated,
        routes,
    } = model;
    own::CatalogueEntry {
        name,
        published,
        is_listed: listed,
        deprecated,
        routes: routes.into_iter().map(own::RouteIndex).collect(),
    }
}
