//! The written form of a request and of what came of it.
//!
//! A record is filled where requests are and read by hardly anybody: it becomes JSON when it is read.

mod filled;
mod texts;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use signalbox_policy::Caller;

use super::{Decider, DecisionId};
use texts::{Span, Texts};

use crate::observe::spent::Spent;

/// One decision, as it is kept.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) id: DecisionId,
    time: Timestamp,
    micros: u64,
    /// Known once the answer has ended.
    pub(super) spent: Option<Spent>,
    /// Whether GT was asked for that in the client's place.
    pub(super) asks_usage: bool,
    /// All else. Records of one plan share it.
    said: Arc<Said>,
}

/// What was asked and what came of it: what is the same for many is shared, all other texts are in one
/// place, and digests are bytes until somebody reads them.
#[derive(Debug, Default)]
pub(super) struct Said {
    policy: Option<Decider>,
    texts: Texts,
    facts: Written<Span>,
    caller: Option<Arc<Caller>>,
    decision: Concluded<Span>,
    cause: Option<&'static str>,
}

/// The facts as the guest saw them, as far as they may be written down. `T` is a text or where it is.
#[derive(Debug, Default)]
struct Written<T> {
    method: T,
    path: T,
    query: Option<T>,
    content_type: Option<T>,
    headers: Vec<(T, T)>,
    model: Option<WrittenModel<T>>,
    body_members: Vec<(T, WrittenMember<T>)>,
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
    decision: Concluded<&'a str>,
    cause: Option<&'static str>,
    micros: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Spent>,
    /// The one other edit of a body is written down where it was made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    asked_for_usage: bool,
}

#[derive(Serialize)]
struct FactsView<'a> {
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    content_type: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    caller: Option<CallerView<'a>>,
    model: Option<WrittenModel<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    body_members: Vec<(&'a str, WrittenMember<&'a str>)>,
}

#[derive(Serialize)]
struct CallerView<'a> {
    id: &'a str,
    purposes: Vec<&'static str>,
    scopes: &'a [String],
    labels: &'a [(String, String)],
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "state", content = "name", rename_all = "lowercase")]
enum WrittenModel<T> {
    Unread,
    Absent,
    Named(T),
}

/// A member of the body. A text may be a prompt: its hash is written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum WrittenMember<T> {
    Integer(u64),
    Text(T),
    Unclear(&'static str),
}

#[derive(Debug, Default, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Concluded<T> {
    Forward {
        route: T,
        parameters: Vec<(T, T)>,
        model: Option<T>,
        restamp: Option<T>,
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<T>,
        labels: Vec<(T, T)>,
    },
    ListModels {
        mode: &'static str,
    },
    #[default]
    ReadModel,
    Refuse {
        status: u16,
        code: T,
        param: Option<T>,
        reason: Option<T>,
    },
}

impl<T> WrittenMember<T> {
    fn map<U>(self, text: impl FnOnce(T) -> U) -> WrittenMember<U> {
        match self {
            Self::Integer(number) => WrittenMember::Integer(number),
            Self::Text(it) => WrittenMember::Text(text(it)),
            Self::Unclear(fault) => WrittenMember::Unclear(fault),
        }
    }
}

impl Record {
    /// One line in the log: what a search needs, and no more.
    pub(super) fn log(&self) {
        let said = &*self.said;
        let text = |span| said.texts.get(span);
        let (kind, route, status, code) = match &said.decision {
            Concluded::Forward { route, .. } => ("forward", Some(text(*route)), None, None),
            Concluded::ListModels { .. } => ("list-models", None, None, None),
            Concluded::ReadModel => ("read-model", None, None, None),
            Concluded::Refuse { status, code, .. } => {
                ("refuse", None, Some(*status), Some(text(*code)))
            }
        };
        let model = match said.facts.model {
            Some(WrittenModel::Named(name)) => Some(text(name)),
            _ => None,
        };
        tracing::info!(
            target: "signalbox::decision",
            id = %self.id,
            key = said.caller.as_ref().map(|caller| &*caller.id),
            policy = said.policy.as_ref().map(|policy| &*policy.name),
            generation = said.policy.as_ref().map(|policy| policy.generation),
            method = text(said.facts.method),
            path = text(said.facts.path),
            model,
            decision = kind,
            route,
            status,
            code,
            cause = said.cause,
            micros = self.micros,
            "decided"
        );
    }

    /// Bytes of its texts and lists, room for more included.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.said.room()
    }
}

impl Said {
    fn facts(&self) -> FactsView<'_> {
        let (facts, text) = (&self.facts, |span| self.texts.get(span));
        FactsView {
            method: text(facts.method),
            path: text(facts.path),
            query: facts.query.map(text),
            content_type: facts.content_type.map(text),
            headers: self.pairs(&facts.headers),
            caller: self.caller.as_ref().map(|it| CallerView {
                id: &it.id,
                purposes: it.purposes.iter().map(|purpose| purpose.word()).collect(),
                scopes: &it.scopes,
                labels: &it.labels,
            }),
            model: facts.model.map(|model| match model {
                WrittenModel::Unread => WrittenModel::Unread,
                WrittenModel::Absent => WrittenModel::Absent,
                WrittenModel::Named(name) => WrittenModel::Named(text(name)),
            }),
            body_members: facts
                .body_members
                .iter()
                .map(|&(name, member)| (text(name), member.map(text)))
                .collect(),
        }
    }

    fn decision(&self) -> Concluded<&str> {
        let text = |span| self.texts.get(span);
        match &self.decision {
            Concluded::Forward {
                route,
                parameters,
                model,
                restamp,
                notice,
                labels,
            } => Concluded::Forward {
                route: text(*route),
                parameters: self.pairs(parameters),
                model: model.map(text),
                restamp: restamp.map(text),
                notice: notice.map(text),
                labels: self.pairs(labels),
            },
            Concluded::ListModels { mode } => Concluded::ListModels { mode },
            Concluded::ReadModel => Concluded::ReadModel,
            Concluded::Refuse {
                status,
                code,
                param,
                reason,
            } => Concluded::Refuse {
                status: *status,
                code: text(*code),
                param: param.map(text),
                reason: reason.map(text),
            },
        }
    }

    fn pairs(&self, pairs: &[(Span, Span)]) -> Vec<(&str, &str)> {
        let text = |span| self.texts.get(span);
        pairs
            .iter()
            .map(|(name, value)| (text(*name), text(*value)))
            .collect()
    }

    #[cfg(test)]
    fn room(&self) -> usize {
        let parameters = match &self.decision {
            Concluded::Forward { parameters, .. } => parameters.capacity(),
            _ => 0,
        };
        let pairs = self.facts.headers.capacity() + parameters;
        self.texts.room() + pairs * size_of::<(Span, Span)>()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let said = &*self.said;
        let policy = said.policy.as_ref();
        let view = RecordView {
            id: self.id,
            time: self.time,
            policy: policy.map(|policy| &*policy.name),
            generation: policy.map(|policy| policy.generation),
            digest: policy.map(|policy| policy.digest.to_string()),
            facts: said.facts(),
            decision: said.decision(),
            cause: said.cause,
            micros: self.micros,
            usage: self.spent,
            asked_for_usage: self.asks_usage,
        };
        view.serialize(serializer)
    }
}
