//! What guests say of themselves, what they decide, and what they are asked.

use signalbox_policy::{
    Caller, CatalogueEntry, Decision, Description, Forward, ModelSource, Names, Purposes, Refusal,
    Request, RequestedModel, RouteDescription, RouteIndex, Verdict, Wants,
};

/// The first route of every guest.
pub const CHAT: &str = "POST /v1/chat/completions";
/// The second.
pub const FILE: &str = "GET /v1/files/{id}";

/// Where a guest has the first.
pub const TO_CHAT: RouteIndex = RouteIndex(0);
/// Where a guest has the second.
pub const TO_FILE: RouteIndex = RouteIndex(1);
/// Where a guest has none.
pub const TO_NOWHERE: RouteIndex = RouteIndex(99);

/// What every guest decides for everyone but `evil`.
#[must_use]
pub fn honest(model: RequestedModel<'_>) -> Decision {
    match model {
        RequestedModel::Unread => Decision::ReadModel,
        RequestedModel::Absent => refusal("missing_model"),
        RequestedModel::Named(_) => Decision::Forward(Forward {
            model: Some("support-agent".into()),
            response_model: Some("gpt-4o".into()),
            ..forward(TO_CHAT)
        }),
    }
}

/// A forward along a route, with nothing else said.
#[must_use]
pub fn forward(route: RouteIndex) -> Forward {
    Forward {
        route,
        ..Forward::default()
    }
}

/// A legal refusal with a code.
#[must_use]
pub fn refusal(code: &str) -> Decision {
    Decision::Refuse(Refusal {
        status: 400,
        code: code.into(),
        message: "name a model".into(),
        param: Some("model".into()),
        reason: "guest".into(),
    })
}

/// A name that leads to chat.
#[must_use]
pub fn entry(name: &str, published: &str) -> CatalogueEntry {
    CatalogueEntry {
        name: name.into(),
        published: vec![published.into()],
        is_listed: true,
        deprecated: None,
        routes: vec![TO_CHAT],
    }
}

/// What every guest says of itself.
#[must_use]
pub fn description() -> Description {
    Description {
        name: "guest".into(),
        version: "1".into(),
        routes: vec![
            route("POST", "/v1/chat/completions", ModelSource::Json),
            route("GET", "/v1/files/{id}", ModelSource::None),
        ],
        headers: vec!["x-trace".into()],
        wants: Wants::default(),
        body_members: Vec::new(),
        model_count: 1,
    }
}

/// A route that asks for `inference:chat`.
#[must_use]
pub fn route(method: &str, template: &str, model: ModelSource) -> RouteDescription {
    RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: true,
        // As GT asks for them.
        purposes: Purposes::from_bits(if template.starts_with("/v1/files/") {
            6
        } else {
            1
        }),
        scopes: vec![vec!["inference:chat".into()]],
        model,
        query: vec!["limit".into()],
        headers: Vec::new(),
        reason: Some("it works".into()),
    }
}

/// A key that may chat.
#[must_use]
pub fn caller(id: &str) -> Caller {
    Caller {
        id: id.into(),
        purposes: Purposes::from_bits(1),
        scopes: vec!["inference:chat".into()],
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::NONE,
    }
}

/// A request for chat.
#[must_use]
pub const fn chat<'a>(caller: &'a Caller, model: RequestedModel<'a>) -> Request<'a> {
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: None,
        content_type: Some("application/json"),
        headers: &[],
        caller,
        model,
        body_members: &[],
    }
}
