//! Between the contract's words and the policy crate's: parts are moved, not copied.

use signalbox_policy as policy;

use crate::bindings::signalbox::policy::types as wit;

/// A list that was not asked for allows nothing: better refused here than let through.
fn names(allowance: wit::Allowance) -> policy::Names {
    match allowance {
        wit::Allowance::Unasked => policy::Names::NONE,
        wit::Allowance::All => policy::Names::All,
        wit::Allowance::Only(names) => policy::Names::Only(names),
    }
}

pub(crate) fn caller(caller: wit::Caller) -> policy::Caller {
    let purpose = |purpose: &wit::Purpose| match purpose {
        wit::Purpose::Inference => policy::Purpose::Inference,
        wit::Purpose::Upload => policy::Purpose::Upload,
        wit::Purpose::Conversation => policy::Purpose::Conversation,
    };
    policy::Caller {
        id: caller.id,
        purposes: caller.purposes.iter().map(purpose).collect(),
        scopes: caller.scopes,
        labels: caller.labels,
        models: names(caller.models),
        published: names(caller.published),
        datasets: names(caller.datasets),
    }
}

pub(crate) fn body_member(member: &wit::BodyMember) -> policy::BodyMember<'_> {
    match member {
        wit::BodyMember::Integer(number) => policy::BodyMember::Integer(*number),
        wit::BodyMember::Text(text) => policy::BodyMember::Text(text),
        wit::BodyMember::Unclear(fault) => policy::BodyMember::Unclear(match fault {
            wit::BodyMemberFault::Repeated => policy::BodyMemberFault::Repeated,
            wit::BodyMemberFault::LetterCase => policy::BodyMemberFault::LetterCase,
            wit::BodyMemberFault::OtherType => policy::BodyMemberFault::OtherType,
            wit::BodyMemberFault::TooLong => policy::BodyMemberFault::TooLong,
        }),
    }
}

pub(crate) fn decision(decision: policy::Decision) -> wit::Decision {
    match decision {
        policy::Decision::Forward(it) => wit::Decision::Forward(forward(it)),
        policy::Decision::ListModels(mode) => wit::Decision::ListModels(match mode {
            policy::ListMode::Catalogue => wit::ListMode::Catalogue,
            policy::ListMode::Upstream => wit::ListMode::Upstream,
            policy::ListMode::Only(names) => wit::ListMode::Only(names),
        }),
        policy::Decision::ReadModel => wit::Decision::ReadModel,
        policy::Decision::Refuse(it) => wit::Decision::Refuse(wit::Refusal {
            status: it.status,
            code: it.code,
            message: it.message,
            param: it.param,
            reason: it.reason,
        }),
    }
}

fn forward(forward: policy::Forward) -> wit::Forward {
    let header = |header: policy::HeaderBuf| wit::Header {
        name: header.name,
        value: header.value,
    };
    wit::Forward {
        route: forward.route.0,
        parameters: forward.parameters,
        query: forward.query,
        model: forward.model,
        response_model: forward.response_model,
        notice: forward.notice,
        set_headers: forward.set_headers.into_iter().map(header).collect(),
        drop_headers: forward.drop_headers,
        labels: forward.labels,
    }
}

pub(crate) fn description(description: policy::Description) -> wit::Description {
    let wanted = description.wants;
    let flag = |is_wanted, flag| if is_wanted { flag } else { wit::Wants::empty() };
    wit::Description {
        name: description.name,
        version: description.version,
        routes: description.routes.into_iter().map(route).collect(),
        headers: description.headers,
        wants: flag(wanted.labels, wit::Wants::LABELS)
            | flag(wanted.models, wit::Wants::MODELS)
            | flag(wanted.published, wit::Wants::PUBLISHED)
            | flag(wanted.datasets, wit::Wants::DATASETS),
        body_members: description.body_members,
        model_count: description.model_count,
    }
}

fn route(route: policy::RouteDescription) -> wit::Route {
    let purpose = |purpose| match purpose {
        policy::Purpose::Inference => wit::Purpose::Inference,
        policy::Purpose::Upload => wit::Purpose::Upload,
        policy::Purpose::Conversation => wit::Purpose::Conversation,
    };
    wit::Route {
        method: route.method,
        template: route.template,
        verdict: match route.verdict {
            policy::Verdict::Native => wit::Verdict::Native,
            policy::Verdict::GtExtension => wit::Verdict::GtExtension,
            policy::Verdict::NotSupported => wit::Verdict::NotSupported,
        },
        forwarded: route.forwarded,
        purposes: route.purposes.iter().map(purpose).collect(),
        scopes: route.scopes,
        model: match route.model {
            policy::ModelSource::None => wit::ModelSource::None,
            policy::ModelSource::Json => wit::ModelSource::Json,
            policy::ModelSource::Multipart => wit::ModelSource::Multipart,
        },
        query: route.query,
        headers: route.headers,
        reason: route.reason,
    }
}

pub(crate) fn model(entry: policy::CatalogueEntry) -> wit::Model {
    wit::Model {
        name: entry.name,
        published: entry.published,
        listed: entry.is_listed,
        deprecated: entry.deprecated,
        routes: entry.routes.iter().map(|index| index.0).collect(),
    }
}

/// About what an entry costs a host: its strings, and a record for each of them.
pub(crate) fn weight(entry: &policy::CatalogueEntry) -> usize {
    const RECORD: usize = 32;
    let published = entry.published.iter().map(|name| RECORD + name.len());
    let deprecated = entry.deprecated.as_ref().map_or(0, |text| text.len());
    let routes = entry.routes.len() * size_of::<u32>();
    4 * RECORD + entry.name.len() + published.sum::<usize>() + deprecated + routes
}
