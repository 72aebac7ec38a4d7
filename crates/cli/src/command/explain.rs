//! `signalbox explain`: how a request would be decided, check by check.

mod component;
mod live;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use signalbox_host::load_keyring;
use signalbox_http::path::{self, Target};
use signalbox_policy::{
    BodyValue, Caller, Decision, Explanation, Header, Names, Policy, Purpose, Request,
    RequestedModel,
};

use crate::{
    admin::Access,
    exit::{Exit, Misused},
    given_values::GivenValues,
    named, output,
    policy_file::PolicyFile,
    show,
};

#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("who").required(true),
    after_help = "\
        Examples:\n  \
        signalbox explain --policy policy.yaml --scope inference:chat POST /v1/chat/completions\n  \
        signalbox explain --live --key litellm-prod --model gpt-4o POST /v1/chat/completions"
)]
pub(crate) struct Arguments {
    /// A policy document or a component; without it the running host is asked.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Ask the running host; without NAME about the key's policy, or `default`.
    #[arg(long, value_name = "NAME", conflicts_with = "policy", num_args = 0..=1,
          require_equals = true, value_parser = named::name)]
    live: Option<Option<String>>,
    /// A generation that is kept, in place of the one that serves.
    #[arg(long, value_name = "N", conflicts_with = "policy")]
    generation: Option<u64>,
    /// A scope the key holds; may be repeated. Such a key has every purpose and no other fence.
    #[arg(long = "scope", value_name = "SCOPE", group = "who")]
    scopes: Vec<String>,
    /// A key of a keyring, with its fences; of the running host's keyring, its ID.
    #[arg(long, value_name = "[KEYS.yaml#]ID", group = "who")]
    key: Option<String>,
    /// The model name in the body.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A request header; may be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Another member of the body, a number or text; may be repeated.
    #[arg(long = "body", value_name = "NAME=VALUE", value_parser = named::pair)]
    body: Vec<(String, String)>,
    /// A label of the key; may be repeated, and goes with --scope.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = named::pair, conflicts_with = "key")]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    values: GivenValues,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The request's method.
    method: String,
    /// The request's path, with whatever base the client uses.
    path: String,
    #[command(flatten)]
    access: Access,
}

/// What the file says, and what can be said of it.
enum Subject {
    /// A document, or the one a component was compiled from.
    Document(Box<Policy>),
    /// Only its own code knows why.
    Component(Vec<u8>),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(path) = &arguments.policy else {
        if !arguments.values.is_empty() {
            return Err(Misused("values are for a document; name it with --policy".into()).into());
        }
        return live::run(arguments);
    };
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let subject = match PolicyFile::read(path, &values)? {
        None => return Ok(Exit::InvalidPolicy),
        Some(PolicyFile::Document(document)) => {
            Subject::Document(Box::new(document.resolved.into_policy()))
        }
        Some(file) => {
            let component = file.into_component()?;
            match signalbox_compiler::document_of(&component) {
                Some(policy) => Subject::Document(Box::new(policy)),
                None => Subject::Component(component),
            }
        }
    };
    let caller = match &arguments.key {
        Some(reference) => key(reference)?,
        None => with_scopes(&arguments.scopes, &arguments.labels),
    };
    let target = match path::canonical(&arguments.path, &|_| false) {
        Ok(target) => target,
        Err(refusal) => return refused_by_host(arguments, refusal.code(), refusal.message()),
    };
    let lines = headers(&arguments.headers)?;
    let policy = match subject {
        Subject::Document(policy) => policy,
        Subject::Component(component) => {
            return component::run(arguments, path, &component, &caller, &target, lines);
        }
    };
    let headers: Vec<Header<'_>> = lines
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let method = arguments.method.to_ascii_uppercase();
    let (body, wanted) = (body(&arguments.body), policy.description().body_members);
    let explanation = signalbox_policy::explain(
        &*policy,
        &Request {
            method: &method,
            path: &target.path,
            query: target.query,
            content_type: None,
            headers: &headers,
            caller: &caller,
            model: arguments
                .model
                .as_deref()
                .map_or(RequestedModel::Unread, RequestedModel::Named),
            body_members: &BodyValue::told_of(&body, &wanted),
        },
    );
    print(arguments, &method, &target, &explanation)?;
    Ok(Exit::Ok)
}

fn print(
    arguments: &Arguments,
    method: &str,
    target: &Target<'_>,
    explanation: &Explanation,
) -> anyhow::Result<()> {
    if arguments.json {
        let mut value = explanation.to_json();
        if let Some(members) = value.as_object_mut() {
            members.insert("request".into(), json!(format!("{method} {}", target.path)));
        }
        return output::json(&value);
    }
    let mut text = lines(method, &target.path, explanation);
    if let (Some(name), Decision::ListModels(_)) = (&target.model_id, &explanation.decision) {
        let name = show::plain(name);
        text.push_str(&format!(
            ": of {name} alone, and 404 model_not_found if it is none of them"
        ));
    }
    output::data(&text)
}

/// Every check on a line, and what is decided.
pub(crate) fn lines(method: &str, path: &str, explanation: &Explanation) -> String {
    let mut lines = vec![format!("{method} {path}")];
    for step in &explanation.steps {
        let (outcome, check) = (step.outcome.word(), step.check.word());
        lines.push(
            format!("  {outcome:<8}  {check:<15}  {}", show::plain(&step.detail))
                .trim_end()
                .to_owned(),
        );
    }
    let route = explanation.route.as_deref().unwrap_or_default();
    lines.push(verdict(&explanation.decision, route));
    lines.join("\n")
}

/// `route` is what the route of a `forward` is called.
fn verdict(decision: &Decision, route: &str) -> String {
    match decision {
        Decision::Forward(forward) => match &forward.model {
            Some(model) => format!(
                "forward to {} as model {}",
                show::plain(route),
                show::plain(model)
            ),
            None => format!("forward to {}", show::plain(route)),
        },
        Decision::ListModels(_) => "answer with the models this key may use".into(),
        Decision::ReadModel => "depends on the model in the body; give it with --model".into(),
        Decision::Refuse(refusal) => {
            format!(
                "refuse {} {}: {}",
                refusal.status,
                refusal.code,
                show::plain(&refusal.message)
            )
        }
    }
}

/// What the host refuses before any policy is asked.
fn refused_by_host(arguments: &Arguments, code: &str, message: &str) -> anyhow::Result<Exit> {
    if arguments.json {
        output::json(
            &json!({"decision": {"refuse": {"code": code, "message": message}}, "steps": []}),
        )?;
    } else {
        output::data(&format!(
            "refuse {code}, before any policy is asked: {message}"
        ))?;
    }
    Ok(Exit::Ok)
}

fn key(reference: &str) -> anyhow::Result<Caller> {
    let (file, id) = reference
        .rsplit_once('#')
        .ok_or_else(|| Misused(format!("--key {reference} is not KEYS.yaml#ID")))?;
    let keyring = load_keyring(Path::new(file)).with_context(|| format!("cannot use {file}"))?;
    let key = keyring
        .key(id)
        .with_context(|| format!("{file} has no key `{id}`"))?;
    Ok((*key.caller).clone())
}

/// A number is one in digits, everything else is text.
fn body(members: &[(String, String)]) -> BTreeMap<String, BodyValue> {
    let value = |text: &String| match text.parse() {
        Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => BodyValue::Integer(number),
        _ => BodyValue::Text(text.clone()),
    };
    let members = members.iter();
    members
        .map(|(name, text)| (name.clone(), value(text)))
        .collect()
}

fn with_scopes(scopes: &[String], labels: &[(String, String)]) -> Caller {
    Caller {
        id: "explain".into(),
        purposes: Purpose::ALL.into_iter().collect(),
        scopes: scopes.to_vec(),
        labels: labels.to_vec(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }
}

/// Names in lower case, and values.
fn headers(lines: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    lines.iter().map(|line| header(line)).collect()
}

fn header(line: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = line
        .split_once(':')
        .with_context(|| format!("`{line}` is not NAME: VALUE"))?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
