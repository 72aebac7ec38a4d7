//! `signalbox why ID`: what was decided of one request, for who has to explain it to its sender.

mod ceilings;
mod deciding;
mod find;
mod words;

use std::path::PathBuf;

use serde_json::{Value, json};
use signalbox_gate::DecisionId;

use crate::{
    admin::Access,
    exit::{Exit, Misused},
    output,
    recorded::{Model, Outcome, Recorded},
    show,
};
use deciding::{Deciding, Explained};
use find::Found;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    The id is in the header x-signalbox-decision of every answer. Without --log the running host is \
    asked, which keeps the last decisions.\n\n\
    Examples:\n  \
    signalbox why 3f0a9c4be1d24f0c8a5e6b7d8c9fa0b1\n  \
    signalbox why 3f0a9c4be1d24f0c8a5e6b7d8c9fa0b1 --log host.log --state /var/lib/signalbox --keys keys.yaml")]
pub(crate) struct Arguments {
    /// The id of the decision: 32 hex digits.
    id: String,
    /// The host's log, or records, one a line; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The policy that decided: a document or a component.
    #[arg(long, value_name = "FILE", conflicts_with = "state")]
    policy: Option<PathBuf>,
    /// The host's state folder, which has the policies that served.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The keyring: records do not hold the lists of a key.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(id) = DecisionId::parse(&arguments.id) else {
        let help = "is no id: it has 32 hex digits, as in the header x-signalbox-decision";
        return Err(Misused(format!("`{}` {help}", arguments.id)).into());
    };
    let found = match &arguments.log {
        Some(log) => find::in_log(log, id)?,
        None => find::on_host(&arguments.access, id)?,
    };
    let Some(deciding) = Deciding::find(arguments, &found.decision)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let explained = deciding.explain(arguments, &found.decision)?;
    if arguments.json {
        output::json(&to_json(&found, &deciding, &explained))?;
    } else {
        output::data(&text(&found, &deciding, &explained))?;
    }
    Ok(Exit::Ok)
}

fn text(found: &Found, deciding: &Deciding, explained: &Explained) -> String {
    let decision = &found.decision;
    let mut lines = vec![
        ("request", request(decision)),
        ("decided", words::decided(decision)),
        ("by", words::decider(decision)),
    ];
    lines.extend(deciding.line().map(|line| ("policy", line)));
    if let Some(ended) = &found.ended {
        lines.push(("ended", words::ended(ended)));
    }
    lines.push(("why", words::why(decision, explained)));
    if let Some(read) = &explained.message {
        lines.push(("told", read.clone()));
    }
    lines.push(("next", words::next(found, explained)));
    lines.extend(explained.notes.iter().map(|note| ("note", note.clone())));
    let line = |(what, text): (&str, String)| format!("{what:<7}  {}", show::plain(&text));
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    lines.join("\n")
}

/// `2026-11-29T19:04:15Z POST /v1/embeddings, model x, key phone`
fn request(decision: &Recorded) -> String {
    let time = decision.time.iter().map(|time| format!("{time} "));
    let mut text: String = time.collect();
    text.push_str(&format!("{} {}", decision.method, decision.path));
    match &decision.model {
        Model::Named(name) => text.push_str(&format!(", model `{name}`")),
        Model::Hashed => text.push_str(", a model whose name is not written down"),
        Model::Absent => text.push_str(", no model"),
        Model::Unknown | Model::Unread => {}
    }
    text.push_str(&match &decision.key {
        Some(key) => format!(", key `{key}`"),
        None => ", no key that is known".to_owned(),
    });
    text
}

fn to_json(found: &Found, deciding: &Deciding, explained: &Explained) -> Value {
    let decision = &found.decision;
    json!({
        "id": decision.id,
        "request": {
            "time": decision.time,
            "method": decision.method,
            "path": decision.path,
            "model": match &decision.model {
                Model::Named(name) => Some(name),
                _ => None,
            },
            "key": decision.key,
        },
        "decision": match &decision.outcome {
            Outcome::Forward { route, model } => json!({"forward": {"route": route, "model": model}}),
            Outcome::List => json!("list_models"),
            Outcome::ReadModel => json!("read_model"),
            Outcome::Refuse { status, code, reason } => {
                json!({"refuse": {"status": status, "code": code, "reason": reason}})
            }
        },
        "cause": decision.cause,
        "by": decision.decider.as_ref().map(|it| json!({
            "policy": it.name,
            "generation": it.generation,
            "digest": it.digest,
        })),
        "policy": deciding.to_json(),
        "ended": found.ended.as_ref().map(|it| json!({
            "status": it.status,
            "outcome": it.outcome,
            "code": it.code,
        })),
        "check": explained.check.map(signalbox_policy::Check::word),
        "why": words::why(decision, explained),
        "told": explained.message,
        "next": words::next(found, explained),
        "notes": explained.notes,
    })
}
