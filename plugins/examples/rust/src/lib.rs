//! Speaks the contract; `policy.rs` decides.

mod policy;

use bindings::exports::signalbox::policy::policy::{Decision, Description, Guest, Page, Request};
use bindings::signalbox::policy::types::{
    Allowance, BodyMember, Forward, ListMode, Model, ModelSource, Purpose, Refusal, RequestedModel,
    Route, Verdict, Wants,
};
use policy::{Answer, CONVERSATION, MODELS, Question, SCOPE, TOKENS};

mod bindings {
    wit_bindgen::generate!({ world: "signalbox-policy", path: "wit" });
    use super::Plugin;
    export!(Plugin);
}

struct Plugin;

/// The place of the one route that is forwarded.
const CHAT: u32 = 0;

impl Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: "chat-budget".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            routes: vec![
                route("POST", "/v1/chat/completions", ModelSource::Json),
                route("GET", "/v1/models", ModelSource::None),
            ],
            headers: vec![CONVERSATION.into()],
            wants: Wants::LABELS | Wants::MODELS | Wants::PUBLISHED,
            body_members: TOKENS.map(Into::into).into(),
            model_count: MODELS.len() as u32,
        }
    }

    fn models(after: Option<String>, limit: u32) -> Page {
        let after = after.unwrap_or_default();
        let rest = MODELS.iter().filter(|(name, _)| *name > after.as_str());
        let mut rest: Vec<_> = rest.collect();
        let more = rest.len() > limit as usize;
        rest.truncate(limit as usize);
        let models = rest.into_iter().map(|(name, published)| Model {
            name: (*name).into(),
            published: vec![(*published).into()],
            listed: true,
            deprecated: None,
            routes: vec![CHAT],
        });
        Page {
            models: models.collect(),
            more,
        }
    }

    fn decide(request: Request) -> Decision {
        let model = match &request.model {
            RequestedModel::Unread => None,
            RequestedModel::Absent => Some(""),
            RequestedModel::Named(name) => Some(name.as_str()),
        };
        let caller = &request.caller;
        let for_conversations = caller.purposes.contains(&Purpose::Conversation);
        let mut labels = caller.labels.iter();
        let plan = labels.find(|(name, _)| name == "plan");
        let tokens = request.body_members.iter().map(|(name, value)| {
            let asked = match value {
                BodyMember::Integer(asked) => Some(*asked),
                BodyMember::Text(_) | BodyMember::Unclear(_) => None,
            };
            (name.as_str(), asked)
        });
        let answer = policy::decide(&Question {
            method: &request.method,
            path: &request.path,
            for_inference: for_conversations || caller.purposes.contains(&Purpose::Inference),
            for_conversations,
            scopes: &caller.scopes,
            models: names(&caller.models),
            published: names(&caller.published),
            plan: plan.map(|(_, plan)| plan.as_str()),
            // Only what `describe` asks for is told.
            in_conversation: !request.headers.is_empty(),
            model,
            tokens: &tokens.collect::<Vec<_>>(),
        });
        match answer {
            Answer::Forward { published } => forward(published, model),
            Answer::List(names) => {
                let names = names.into_iter().map(Into::into);
                Decision::ListModels(ListMode::Only(names.collect()))
            }
            Answer::ReadModel => Decision::ReadModel,
            Answer::Refuse {
                status,
                code,
                message,
                param,
            } => Decision::Refuse(Refusal {
                status,
                code: code.into(),
                message,
                param,
                reason: code.into(),
            }),
        }
    }
}

/// One of the key's lists; `None` if it has no limit.
fn names(list: &Allowance) -> Option<&[String]> {
    match list {
        Allowance::Only(names) => Some(names),
        Allowance::All | Allowance::Unasked => None,
    }
}

fn route(method: &str, template: &str, model: ModelSource) -> Route {
    Route {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: true,
        purposes: vec![Purpose::Inference],
        scopes: vec![vec![SCOPE.into()]],
        model,
        query: Vec::new(),
        headers: Vec::new(),
        reason: None,
    }
}

fn forward(published: &str, model: Option<&str>) -> Decision {
    Decision::Forward(Forward {
        route: CHAT,
        parameters: Vec::new(),
        query: None,
        model: Some(published.into()),
        response_model: model.map(Into::into),
        notice: None,
        set_headers: Vec::new(),
        drop_headers: Vec::new(),
        labels: Vec::new(),
    })
}
