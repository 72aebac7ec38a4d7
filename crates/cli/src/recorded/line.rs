//! Lines of a host's log.

use serde::Deserialize;

use super::{Decider, Model, Outcome, Recorded, is_hash};

/// A line of `signalbox::decision`.
#[derive(Deserialize)]
pub(super) struct Decided {
    timestamp: Option<String>,
    id: String,
    key: Option<String>,
    policy: Option<String>,
    generation: Option<u64>,
    method: String,
    path: String,
    model: Option<String>,
    decision: Kind,
    route: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    cause: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Forward,
    ListModels,
    ReadModel,
    Refuse,
}

/// A line of `signalbox::access`: how a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Ended {
    pub(crate) id: String,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: String,
    pub(crate) code: String,
}

impl From<Decided> for Recorded {
    fn from(line: Decided) -> Self {
        let generation = line.generation;
        Self {
            id: line.id,
            time: line.timestamp,
            decider: line.policy.map(|name| Decider {
                name,
                generation,
                digest: None,
            }),
            method: line.method,
            path: line.path,
            key: line.key,
            model: match line.model {
                None => Model::Unknown,
                Some(name) if is_hash(&name) => Model::Hashed,
                Some(name) => Model::Named(name),
            },
            outcome: match line.decision {
                Kind::Forward => Outcome::Forward {
                    route: line.route.unwrap_or_default(),
                    model: None,
                },
                Kind::ListModels => Outcome::List,
                Kind::ReadModel => Outcome::ReadModel,
                Kind::Refuse => Outcome::Refuse {
                    status: line.status,
                    code: line.code.unwrap_or_default(),
                    reason: None,
                },
            },
            cause: line.cause,
            more: None,
        }
    }
}
