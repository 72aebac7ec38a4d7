//! What a running host would do with a request that nobody sent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Arguments, body, headers};
use crate::{
    admin::{self, Body},
    exit::{Exit, Misused},
    output, show,
    transaction::name_policies,
};

/// What the host decides, and by which policy.
#[derive(Deserialize, Serialize)]
struct Explained {
    policy: String,
    generation: u64,
    digest: String,
    decision: Decision,
}

/// As the host writes it; what people are not shown stands in `more`.
#[derive(Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Decision {
    Forward {
        route: String,
        model: Option<String>,
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    ListModels {
        models: Vec<String>,
        #[serde(flatten)]
        more: Map<String, Value>,
    },
    ReadModel,
    Refuse {
        by: String,
        status: u16,
        code: String,
        message: String,
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let question = Body::Json(question(arguments)?);
    let client = arguments.access.client()?;
    admin::block_on(async {
        let explained: Explained = match client.question("/explain", question).await {
            Ok(explained) => explained,
            Err(error) => {
                if error.is_unknown_policy() {
                    name_policies(&client).await;
                }
                return Err(error.into());
            }
        };
        if arguments.json {
            output::json(&serde_json::to_value(&explained)?)?;
        } else {
            output::data(&text(arguments, &explained))?;
        }
        Ok(Exit::Ok)
    })
}

fn question(arguments: &Arguments) -> anyhow::Result<Value> {
    let mut question = Map::new();
    question.insert(
        "method".into(),
        arguments.method.to_ascii_uppercase().into(),
    );
    question.insert("path".into(), arguments.path.clone().into());
    if let Some(Some(name)) = &arguments.live {
        question.insert("policy".into(), name.clone().into());
    }
    if let Some(generation) = arguments.generation {
        question.insert("generation".into(), generation.into());
    }
    match &arguments.key {
        Some(key) if key.contains('#') => {
            let mistaken = format!("--key {key}: a running host has its own keyring; give the ID");
            return Err(Misused(mistaken).into());
        }
        Some(key) => question.insert("key".into(), key.clone().into()),
        None => question.insert("scopes".into(), json!(arguments.scopes)),
    };
    // A host of an older version does not know them.
    if !arguments.labels.is_empty() {
        let labels = arguments.labels.iter().cloned();
        let labels: Map<String, Value> = labels.map(|(name, value)| (name, value.into())).collect();
        question.insert("labels".into(), labels.into());
    }
    if !arguments.body.is_empty() {
        question.insert("body".into(), json!(body(&arguments.body)));
    }
    if let Some(model) = &arguments.model {
        question.insert("model".into(), model.clone().into());
    }
    let headers: Map<String, Value> = headers(&arguments.headers)?
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    if !headers.is_empty() {
        question.insert("headers".into(), headers.into());
    }
    Ok(question.into())
}

fn text(arguments: &Arguments, explained: &Explained) -> String {
    format!(
        "{} {}\n  policy {}, generation {} (sha256 {})\n{}",
        arguments.method.to_ascii_uppercase(),
        arguments.path,
        show::plain(&explained.policy),
        explained.generation,
        show::short(&explained.digest),
        verdict(&explained.decision)
    )
}

fn verdict(decision: &Decision) -> String {
    match decision {
        Decision::Forward { route, model, .. } => {
            let model = model.as_deref().map(show::plain);
            let model = model.map_or_else(String::new, |model| format!(" as model {model}"));
            format!("forward to {}{model}", show::plain(route))
        }
        Decision::ListModels { models, .. } => {
            let models: Vec<String> = models.iter().map(|name| show::plain(name)).collect();
            format!("answer with the models {}", models.join(", "))
        }
        Decision::ReadModel => "depends on the model in the body; give it with --model".into(),
        Decision::Refuse {
            by,
            status,
            code,
            message,
            more,
        } => {
            let mut text = format!(
                "refuse {status} {}, by the {}: {}",
                show::plain(code),
                show::plain(by),
                show::plain(message)
            );
            for (label, member) in [("reason", "reason"), ("the policy failed", "cause")] {
                if let Some(said) = more.get(member).and_then(Value::as_str) {
                    text.push_str(&format!("\n  {label}: {}", show::plain(said)));
                }
            }
            text
        }
    }
}
