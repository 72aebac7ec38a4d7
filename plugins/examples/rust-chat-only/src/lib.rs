//! A policy as a program: `policy.rs` decides, this file speaks the contract.

mod policy;

use bindings::exports::signalbox::policy::policy::{Decision, Description, Guest, Page, Request};
use bindings::signalbox::policy::types::{
    Forward, Model, ModelSource, Purpose, Refusal, RequestedModel, Route, Verdict, Wants,
};
use policy::{Answer, CHAT, CHAT_SCOPE, MODELS};

mod bindings {
    wit_bindgen::generate!({
        world: "signalbox-policy",
        path: "../../../wit/0.2.0",
    });
    use super::ChatOnly;
    export!(ChatOnly);
}

struct ChatOnly;

impl Guest for ChatOnly {
    fn describe() -> Description {
        let (method, template) = CHAT;
        Description {
            name: "chat-only".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            routes: vec![Route {
                method: method.into(),
                template: template.into(),
                verdict: Verdict::Native,
                forwarded: true,
                purposes: vec![Purpose::Inference],
                scopes: vec![vec![CHAT_SCOPE.into()]],
                model: ModelSource::Json,
                query: Vec::new(),
                headers: Vec::new(),
                reason: None,
            }],
            headers: Vec::new(),
            wants: Wants::LABELS,
            body_members: Vec::new(),
            model_count: MODELS.len() as u32,
        }
    }

    fn models(after: Option<String>, limit: u32) -> Page {
        let after = after.unwrap_or_default();
        let mut rest = MODELS.iter().filter(|(name, _)| *name > after.as_str());
        let models = rest
            .by_ref()
            .take(limit as usize)
            .map(|(name, published)| Model {
                name: (*name).into(),
                published: vec![(*published).into()],
                listed: true,
                deprecated: None,
                routes: Vec::new(),
            });
        Page {
            models: models.collect(),
            more: rest.next().is_some(),
        }
    }

    fn decide(request: Request) -> Decision {
        let model = match &request.model {
            RequestedModel::Unread => None,
            RequestedModel::Absent => Some(""),
            RequestedModel::Named(name) => Some(name.as_str()),
        };
        let caller = &request.caller;
        let team = caller
            .labels
            .iter()
            .find(|(name, _)| name == "team")
            .map(|(_, team)| team.as_str());
        match policy::decide(&request.method, &request.path, &caller.scopes, team, model) {
            Answer::Forward { published } => Decision::Forward(Forward {
                // The one route that is described.
                route: 0,
                parameters: Vec::new(),
                query: None,
                model: Some(published.into()),
                response_model: model.map(Into::into),
                notice: None,
                set_headers: Vec::new(),
                drop_headers: Vec::new(),
                labels: Vec::new(),
            }),
            Answer::ReadModel => Decision::ReadModel,
            Answer::Refuse {
                status,
                code,
                message,
            } => Decision::Refuse(Refusal {
                status,
                code: code.into(),
                message: message.into(),
                param: None,
                reason: code.into(),
            }),
        }
    }
}
