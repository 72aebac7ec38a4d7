//! A whole record.

use serde::Deserialize;
use serde_json::Value;

use super::{Decider, Model, More, Outcome, Recorded, is_hash};

/// As `/decisions/{id}` writes it; what is added later is not looked at.
#[derive(Deserialize)]
pub(super) struct Written {
    id: String,
    time: Option<String>,
    policy: Option<String>,
    generation: Option<u64>,
    digest: Option<String>,
    facts: Facts,
    decision: Decision,
    cause: Option<String>,
}

#[derive(Deserialize)]
struct Facts {
    method: String,
    path: String,
    query: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    caller: Option<Caller>,
    model: Option<WrittenModel>,
    #[serde(default)]
    body_members: Vec<(String, Value)>,
}

#[derive(Deserialize)]
struct Caller {
    id: String,
    purposes: Vec<String>,
    scopes: Vec<String>,
    labels: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(tag = "state", content = "name", rename_all = "lowercase")]
enum WrittenModel {
    Unread,
    Absent,
    Named(String),
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Decision {
    Forward {
        route: String,
        model: Option<String>,
    },
    ListModels {},
    ReadModel,
    Refuse {
        status: u16,
        code: String,
        reason: Option<String>,
    },
}

impl From<Written> for Recorded {
    fn from(written: Written) -> Self {
        let Written { facts, .. } = written;
        let (key, purposes, scopes, labels) = match facts.caller {
            Some(caller) => (
                Some(caller.id),
                caller.purposes,
                caller.scopes,
                caller.labels,
            ),
            None => (None, Vec::new(), Vec::new(), Vec::new()),
        };
        let (numbers, unknown_members) = members(facts.body_members);
        let (generation, digest) = (written.generation, written.digest);
        Self {
            id: written.id,
            time: written.time,
            decider: written.policy.map(|name| Decider {
                name,
                generation,
                digest,
            }),
            method: facts.method,
            path: facts.path,
            key,
            model: match facts.model {
                None => Model::Unknown,
                Some(WrittenModel::Unread) => Model::Unread,
                Some(WrittenModel::Absent) => Model::Absent,
                Some(WrittenModel::Named(name)) if is_hash(&name) => Model::Hashed,
                Some(WrittenModel::Named(name)) => Model::Named(name),
            },
            outcome: match written.decision {
                Decision::Forward { route, model } => Outcome::Forward { route, model },
                Decision::ListModels {} => Outcome::List,
                Decision::ReadModel => Outcome::ReadModel,
                Decision::Refuse {
                    status,
                    code,
                    reason,
                } => Outcome::Refuse {
                    status: Some(status),
                    code,
                    reason,
                },
            },
            cause: written.cause,
            more: Some(More {
                query: facts.query,
                content_type: facts.content_type,
                headers: facts.headers,
                purposes,
                scopes,
                labels,
                numbers,
                unknown_members,
            }),
        }
    }
}

/// Numbers stand there as they are; of texts and of what is unclear the value is not known.
fn members(all: Vec<(String, Value)>) -> (Vec<(String, u64)>, Vec<String>) {
    let (mut numbers, mut unknown) = (Vec::new(), Vec::new());
    for (name, value) in all {
        match value.get("integer").and_then(Value::as_u64) {
            Some(number) => numbers.push((name, number)),
            None => unknown.push(name),
        }
    }
    (numbers, unknown)
}
