//! The logic of the plugin in Rust as it is, without a component.

use signalbox_policy::{
    BodyMember, CatalogueEntry, Decision, Description, Forward, ListMode, ModelSource, Names,
    Purpose, Purposes, Refusal, Request, RequestedModel, RouteDescription, RouteIndex, Verdict,
    Wants,
};
use signalbox_runtime::DecideError;
use signalbox_testkit::Decider;

use policy::{Answer, CONVERSATION, MODELS, Question, SCOPE, TOKENS};

#[path = "../../plugins/examples/rust/src/policy.rs"]
#[expect(
    unreachable_pub,
    reason = "it is a file of the example, which has its own ways"
)]
mod policy;

/// It, and what it says of itself.
pub(super) struct Native {
    description: Description,
    catalogue: Vec<CatalogueEntry>,
}

impl Native {
    pub(super) fn new() -> Self {
        let routes = [
            ("POST", "/v1/chat/completions", ModelSource::Json),
            ("GET", "/v1/models", ModelSource::None),
        ];
        let catalogue = MODELS.map(|(name, published)| CatalogueEntry {
            name: name.to_owned(),
            published: vec![published.to_owned()],
            is_listed: true,
            deprecated: None,
            routes: vec![RouteIndex(0)],
        });
        Self {
            description: Description {
                name: "native".to_owned(),
                version: String::new(),
                routes: routes.map(route).into(),
                headers: vec![CONVERSATION.to_owned()],
                wants: Wants {
                    labels: true,
                    models: true,
                    published: true,
                    ..Wants::default()
                },
                body_members: TOKENS.map(str::to_owned).into(),
                model_count: 2,
            },
            catalogue: catalogue.into(),
        }
    }
}

fn route((method, template, model): (&str, &str, ModelSource)) -> RouteDescription {
    RouteDescription {
        method: method.to_owned(),
        template: template.to_owned(),
        verdict: Verdict::Native,
        forwarded: true,
        purposes: Purposes::from_iter([Purpose::Inference]),
        scopes: vec![vec![SCOPE.to_owned()]],
        model,
        query: Vec::new(),
        headers: Vec::new(),
        reason: None,
    }
}

const fn names(list: &Names) -> Option<&[String]> {
    match list {
        Names::All => None,
        Names::Only(names) => Some(names.as_slice()),
    }
}

impl Decider for Native {
    fn description(&self) -> &Description {
        &self.description
    }

    fn catalogue(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.catalogue.iter()
    }

    fn decide(&self, request: &Request<'_>) -> Result<Decision, DecideError> {
        let model = match request.model {
            RequestedModel::Unread => None,
            RequestedModel::Absent => Some(""),
            RequestedModel::Named(name) => Some(name),
        };
        let tokens = request
            .body_members
            .iter()
            .map(|(name, value)| match value {
                BodyMember::Integer(asked) => (*name, Some(*asked)),
                _ => (*name, None),
            });
        let caller = request.caller;
        let for_conversations = caller.purposes.contains(Purpose::Conversation);
        let mut labels = caller.labels.iter();
        let answer = policy::decide(&Question {
            method: request.method,
            path: request.path,
            for_inference: for_conversations || caller.purposes.contains(Purpose::Inference),
            for_conversations,
            scopes: &caller.scopes,
            models: names(&caller.models),
            published: names(&caller.published),
            plan: labels
                .find(|(name, _)| name == "plan")
                .map(|(_, plan)| plan.as_str()),
            in_conversation: !request.headers.is_empty(),
            model,
            tokens: &tokens.collect::<Vec<_>>(),
        });
        Ok(match answer {
            Answer::Forward { published } => Decision::Forward(Forward {
                model: Some(published.to_owned()),
                response_model: model.map(str::to_owned),
                ..Forward::default()
            }),
            Answer::List(names) => {
                let names = names.into_iter().map(str::to_owned);
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
                code: code.to_owned(),
                message,
                param,
                reason: code.to_owned(),
            }),
        })
    }
}
