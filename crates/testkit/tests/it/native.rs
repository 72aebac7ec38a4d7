//! A policy in native code, honest until a test says otherwise.

use signalbox_policy::{
    CatalogueEntry, Decision, Description, Forward, ListMode, ModelSource, Purpose, Purposes,
    Refusal, Request, RequestedModel, RouteDescription, RouteIndex, Verdict, Wants,
    gt::CONVERSATION_HEADER,
};
use signalbox_testkit::Native;

pub(crate) const SCOPE: &str = "inference:chat";

/// The honest policy, in which this decides first; `None` leaves it to the honest one.
pub(crate) fn policy<'f>(
    first: impl Fn(&Request<'_>) -> Option<Decision> + 'f,
) -> Native<impl Fn(&Request<'_>) -> Decision + 'f> {
    let decide = move |request: &Request<'_>| first(request).unwrap_or_else(|| honest(request));
    Native::new(description(), vec![entry("large"), entry("small")], decide).unwrap()
}

pub(crate) fn description() -> Description {
    let route = |method: &str, template: &str, model| RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: template != "/v1/models",
        purposes: Purposes::from_iter([Purpose::Inference]),
        scopes: vec![vec![SCOPE.into()]],
        model,
        query: Vec::new(),
        headers: Vec::new(),
        reason: None,
    };
    Description {
        name: "native".into(),
        version: String::new(),
        routes: vec![
            route("POST", "/v1/chat/completions", ModelSource::Json),
            route("GET", "/v1/files/{id}", ModelSource::None),
        ],
        headers: vec!["x-team".into(), CONVERSATION_HEADER.into()],
        wants: Wants {
            labels: true,
            models: true,
            published: true,
            datasets: true,
        },
        body_members: vec!["n".into()],
        model_count: 2,
    }
}

pub(crate) fn entry(name: &str) -> CatalogueEntry {
    CatalogueEntry {
        name: name.into(),
        published: vec![format!("gt-{name}")],
        is_listed: true,
        deprecated: None,
        routes: Vec::new(),
    }
}

pub(crate) fn honest(request: &Request<'_>) -> Decision {
    let caller = request.caller;
    let has_key = caller
        .purposes
        .satisfy(Purposes::from_iter([Purpose::Inference]));
    match (request.method, request.path) {
        ("GET", "/v1/models") => return Decision::ListModels(ListMode::Catalogue),
        ("POST", "/v1/chat/completions") => {}
        _ => return refusal(404, "unknown_route"),
    }
    if !has_key {
        return refusal(403, "purpose_not_allowed");
    }
    if !caller.scopes.iter().any(|scope| scope == SCOPE) {
        return refusal(403, "insufficient_scope");
    }
    let in_conversation = request
        .headers
        .iter()
        .any(|it| it.name == CONVERSATION_HEADER);
    if in_conversation && !caller.purposes.contains(Purpose::Conversation) {
        return refusal(403, "conversation_not_allowed");
    }
    let name = match request.model {
        RequestedModel::Unread => return Decision::ReadModel,
        RequestedModel::Absent => return refusal(400, "missing_model"),
        RequestedModel::Named(name) => name,
    };
    let published = format!("gt-{name}");
    if !["large", "small"].contains(&name) || !caller.may_use(name, &published) {
        return refusal(404, "model_not_found");
    }
    chat_as(&published, name)
}

pub(crate) fn chat_as(published: &str, name: &str) -> Decision {
    Decision::Forward(Forward {
        route: RouteIndex(0),
        model: Some(published.into()),
        response_model: Some(name.into()),
        ..Forward::default()
    })
}

pub(crate) fn refusal(status: u16, code: &str) -> Decision {
    Decision::Refuse(Refusal {
        status,
        code: code.into(),
        message: format!("{code}: ask for something else."),
        param: None,
        reason: code.into(),
    })
}
