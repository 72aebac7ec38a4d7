//! What a component answers that was not compiled from a document by this version: the answer is all
//! there is to show.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use signalbox_cases::{Answer, Question, ask};
use signalbox_http::path::Target;
use signalbox_policy::{Caller, Decision, RequestedModel, decision_json};
use signalbox_runtime::LoadOptions;

use super::{Arguments, body};
use crate::{compile, exit::Exit, output, show};

pub(super) fn run(
    arguments: &Arguments,
    path: &Path,
    component: &[u8],
    caller: &Caller,
    target: &Target<'_>,
    headers: Vec<(String, String)>,
) -> anyhow::Result<Exit> {
    let runtime = compile::runtime()?;
    let plugin = runtime.load(component, &LoadOptions::default())?;
    let why = match plugin.source() {
        Some(_) => "carries a document that this version does not compile to it",
        None => "carries no document",
    };
    output::talk(&format!(
        "note: {} {why}: its code was asked, and gives no checks",
        path.display()
    ));
    let method = arguments.method.to_ascii_uppercase();
    let model = arguments.model.as_deref();
    let answer = ask(
        &plugin,
        &Question {
            method: &method,
            target: &arguments.path,
            headers: &headers.into_iter().collect(),
            caller,
            model: model.map_or(RequestedModel::Unread, RequestedModel::Named),
            body: &body(&arguments.body),
        },
    )
    .context("the policy failed: a client would be refused")?;
    let request = format!("{method} {}", target.path);
    if arguments.json {
        output::json(&json!({
            "asked": "component",
            "decision": to_json(answer),
            "request": request,
            "steps": [],
        }))?;
    } else {
        output::data(&format!("{request}\n{}", verdict(answer)))?;
    }
    Ok(Exit::Ok)
}

/// As [`decision_json`] has it, as far as a client would know.
fn to_json(answer: Answer) -> Value {
    match answer {
        Answer::Forward { route, forward, .. } => {
            decision_json(&Decision::Forward(forward), |_| Some(route))
        }
        Answer::List(names) => json!({"list_models": names}),
        Answer::ReadModel => decision_json(&Decision::ReadModel, |_| None),
        Answer::Refuse { code, message, .. } => {
            json!({"refuse": {"code": code, "message": message}})
        }
    }
}

fn verdict(answer: Answer) -> String {
    match answer {
        Answer::Forward { route, forward, .. } => {
            super::verdict(&Decision::Forward(forward), &route)
        }
        Answer::List(names) => {
            let names: Vec<_> = names.iter().map(|name| show::plain(name)).collect();
            format!("answer with the models {}", names.join(", "))
        }
        Answer::ReadModel => super::verdict(&Decision::ReadModel, ""),
        Answer::Refuse { code, message, .. } => {
            format!("refuse {code}: {}", show::plain(&message))
        }
    }
}
