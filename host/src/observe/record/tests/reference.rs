//! A record as it was made before its memory was used again: each from nothing, with a text of its own
//! for each part. What is filled must be read as this is, byte for byte.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use signalbox_policy::{
    BodyMember, Caller, Decision, Forward, Header, ListMode, Request, RequestedModel,
};

use crate::observe::record::redactor::Redactor;
use crate::observe::record::{Conclusion, Decider, DecisionId, Entry, Facts};

/// One decision, as it is kept: what is the same for many is shared, and digests are bytes until
/// somebody reads them.
#[derive(Clone, Debug)]
pub(in crate::observe::record) struct Record {
    pub(in crate::observe::record) id: DecisionId,
    time: Timestamp,
    policy: Option<Decider>,
    facts: Written,
    decision: Concluded,
    cause: Option<&'static str>,
    micros: u64,
}

/// The facts as the guest saw them, as far as they may be written down.
#[derive(Clone, Debug, Default)]
struct Written {
    method: String,
    path: String,
    query: Option<String>,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
    caller: Option<Arc<Caller>>,
    model: Option<WrittenModel>,
    body_members: Vec<(String, serde_json::Value)>,
}

/// A record as it is read.
#[derive(Serialize)]
struct RecordView<'a> {
    id: DecisionId,
    time: Timestamp,
    policy: Option<&'a str>,
    generation: Option<u64>,
    digest: Option<String>,
    facts: FactsView<'a>,
    decision: &'a Concluded,
    cause: Option<&'static str>,
    micros: u64,
}

#[derive(Serialize)]
struct FactsView<'a> {
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    content_type: Option<&'a str>,
    headers: &'a [(String, String)],
    caller: Option<CallerView<'a>>,
    model: Option<&'a WrittenModel>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    body_members: &'a [(String, serde_json::Value)],
}

#[derive(Serialize)]
struct CallerView<'a> {
    id: &'a str,
    purposes: Vec<&'static str>,
    scopes: &'a [String],
    labels: &'a [(String, String)],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", content = "name", rename_all = "lowercase")]
enum WrittenModel {
    Unread,
    Absent,
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Concluded {
    Forward {
        route: String,
        parameters: Vec<(String, String)>,
        model: Option<String>,
        restamp: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
        labels: Vec<(String, String)>,
    },
    ListModels {
        mode: &'static str,
    },
    ReadModel,
    Refuse {
        status: u16,
        code: String,
        param: Option<String>,
        reason: Option<String>,
    },
}

impl Record {
    pub(in crate::observe::record) fn of(entry: &Entry<'_>, shown: &Redactor) -> Self {
        Self {
            id: entry.id,
            time: entry.time,
            policy: entry.policy.cloned(),
            facts: Written::of(&entry.facts, shown),
            decision: Concluded::of(entry, shown),
            cause: entry.conclusion.cause(),
            micros: u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let policy = self.policy.as_ref();
        let view = RecordView {
            id: self.id,
            time: self.time,
            policy: policy.map(|policy| &*policy.name),
            generation: policy.map(|policy| policy.generation),
            digest: policy.map(|policy| policy.digest.to_string()),
            facts: self.facts.view(),
            decision: &self.decision,
            cause: self.cause,
            micros: self.micros,
        };
        view.serialize(serializer)
    }
}

impl Written {
    fn view(&self) -> FactsView<'_> {
        FactsView {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            content_type: self.content_type.as_deref(),
            headers: &self.headers,
            caller: self.caller.as_ref().map(|it| CallerView {
                id: &it.id,
                purposes: it.purposes.iter().map(|purpose| purpose.word()).collect(),
                scopes: &it.scopes,
                labels: &it.labels,
            }),
            model: self.model.as_ref(),
            body_members: &self.body_members,
        }
    }

    fn of(facts: &Facts<'_>, shown: &Redactor) -> Self {
        let (request, caller, is_model_listed) = match *facts {
            Facts::Request {
                request,
                caller,
                is_model_listed,
            } => (request, caller, is_model_listed),
            Facts::Head { method, path } => {
                return Self {
                    method: text(|into| shown.word(method, into)),
                    path: text(|into| shown.path(path, into)),
                    ..Self::default()
                };
            }
        };
        Self {
            method: text(|into| shown.word(request.method, into)),
            path: text(|into| shown.path(request.path, into)),
            query: request
                .query
                .map(|query| text(|into| shown.query(query, into))),
            content_type: request
                .content_type
                .map(|value| text(|into| shown.media_type(value, into))),
            headers: headers(request, shown),
            caller: Some(Arc::clone(caller)),
            model: Some(match request.model {
                RequestedModel::Unread => WrittenModel::Unread,
                RequestedModel::Absent => WrittenModel::Absent,
                RequestedModel::Named(name) => {
                    WrittenModel::Named(shown.model(name, is_model_listed).into_owned())
                }
            }),
            body_members: members(request, shown),
        }
    }
}

impl Concluded {
    fn of(entry: &Entry<'_>, shown: &Redactor) -> Self {
        match entry.conclusion {
            Conclusion::Decided(Decision::Forward(forward)) => {
                let route = entry.route.unwrap_or_default();
                Self::forward(forward, route, &entry.facts, shown)
            }
            Conclusion::Decided(Decision::ListModels(mode)) => Self::ListModels {
                mode: match mode {
                    ListMode::Catalogue => "catalogue",
                    ListMode::Upstream => "upstream",
                    ListMode::Only(_) => "only",
                },
            },
            Conclusion::Decided(Decision::ReadModel) => Self::ReadModel,
            Conclusion::Decided(Decision::Refuse(refusal)) => Self::Refuse {
                status: refusal.status,
                code: refusal.code.clone(),
                param: refusal.param.clone(),
                reason: Some(refusal.reason.clone()),
            },
            Conclusion::Refused { status, code } | Conclusion::Failed { status, code, .. } => {
                Self::Refuse {
                    status,
                    code: code.to_owned(),
                    param: None,
                    reason: None,
                }
            }
        }
    }

    fn forward(forward: &Forward, route: &str, facts: &Facts<'_>, shown: &Redactor) -> Self {
        // A dataset's name is the operator's; any other parameter is an id.
        let is_dataset = route.contains(" /v1/datasets/");
        let parameter = |(name, value): &(String, String)| {
            let value = text(|into| {
                if is_dataset {
                    shown.word(value, into);
                } else {
                    shown.hash(value.as_bytes(), into);
                }
            });
            (name.clone(), value)
        };
        // What the client wrote may come back in either; every other name is the policy's.
        let asked = asked_model(facts);
        let model = |name: &str| match asked {
            Some((asked, is_listed)) if asked == name => shown.model(name, is_listed).into_owned(),
            _ => name.to_owned(),
        };
        Self::Forward {
            route: route.to_owned(),
            parameters: forward.parameters.iter().map(parameter).collect(),
            model: forward.model.as_deref().map(model),
            restamp: forward.response_model.as_deref().map(model),
            notice: forward.notice.clone(),
            labels: forward.labels.clone(),
        }
    }
}

/// The model the client named, and whether the policy lists it.
fn asked_model<'a>(facts: &Facts<'a>) -> Option<(&'a str, bool)> {
    match *facts {
        Facts::Request {
            request,
            is_model_listed,
            ..
        } => match request.model {
            RequestedModel::Named(name) => Some((name, is_model_listed)),
            RequestedModel::Absent | RequestedModel::Unread => None,
        },
        Facts::Head { .. } => None,
    }
}

fn headers(request: &Request<'_>, shown: &Redactor) -> Vec<(String, String)> {
    let header = |header: &Header<'_>| {
        let value = text(|into| shown.header(header.name, header.value, into));
        (header.name.to_owned(), value)
    };
    request.headers.iter().map(header).collect()
}

fn members(request: &Request<'_>, shown: &Redactor) -> Vec<(String, serde_json::Value)> {
    let member = |(name, member): &(&str, BodyMember<'_>)| {
        let value = match member {
            BodyMember::Integer(number) => serde_json::json!({ "integer": number }),
            BodyMember::Text(it) => {
                let hash = text(|into| shown.hash(it.as_bytes(), into));
                serde_json::json!({ "text": hash })
            }
            BodyMember::Unclear(fault) => serde_json::json!({ "unclear": fault.word() }),
        };
        ((*name).to_owned(), value)
    };
    request.body_members.iter().map(member).collect()
}

fn text(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}
