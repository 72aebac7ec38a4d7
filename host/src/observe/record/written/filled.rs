//! A record is written over the one it takes the place of, in memory that is there.

use std::sync::Arc;

use signalbox_policy::{BodyMember, Decision, Forward, ListMode, RequestedModel};

use super::texts::{Pairs, Span, Texts};
use super::{Concluded, Record, Said, Written, WrittenMember, WrittenModel};
use crate::observe::record::redactor::Redactor;
use crate::observe::record::{Conclusion, Entry, Facts};

impl Record {
    /// Writes a decision over what stands here. What others share stays as it is.
    pub(in crate::observe::record) fn fill(&mut self, entry: &Entry<'_>, shown: &Redactor) {
        self.stamp(entry);
        match Arc::get_mut(&mut self.said) {
            Some(said) => said.fill(entry, shown),
            None => self.said = Arc::new(Said::of(entry, shown)),
        }
    }

    /// The same of a decision about which all this has been said before.
    pub(in crate::observe::record) fn share(&mut self, entry: &Entry<'_>, said: &Arc<Said>) {
        self.stamp(entry);
        self.said = Arc::clone(said);
    }

    /// What no two records share.
    fn stamp(&mut self, entry: &Entry<'_>) {
        self.id = entry.id;
        self.time = entry.time;
        (self.spent, self.asks_usage) = (None, false);
        self.micros = u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX);
    }
}

impl Said {
    /// All of a decision but its id and its times.
    pub(in crate::observe::record) fn of(entry: &Entry<'_>, shown: &Redactor) -> Self {
        let mut said = Self::default();
        said.fill(entry, shown);
        said
    }

    fn fill(&mut self, entry: &Entry<'_>, shown: &Redactor) {
        let mut pen = Pen {
            texts: &mut self.texts,
            shown,
        };
        pen.texts.clear();
        self.policy = entry.policy.cloned();
        self.facts.fill(&entry.facts, &mut pen);
        self.caller = match entry.facts {
            Facts::Request { caller, .. } => Some(Arc::clone(caller)),
            Facts::Head { .. } => None,
        };
        self.decision.fill(entry, &mut pen);
        self.cause = entry.conclusion.cause();
    }
}

/// Writes texts as far as they may be written down.
struct Pen<'a> {
    texts: &'a mut Texts,
    shown: &'a Redactor,
}

impl Pen<'_> {
    fn word(&mut self, word: &str) -> Span {
        self.texts.add(|into| self.shown.word(word, into))
    }

    fn model(&mut self, name: &str, is_listed: bool) -> Span {
        self.texts.copy(&self.shown.model(name, is_listed))
    }

    fn path(&mut self, path: &str) -> Span {
        self.texts.add(|into| self.shown.path(path, into))
    }

    fn hash(&mut self, text: &str) -> Span {
        self.texts
            .add(|into| self.shown.hash(text.as_bytes(), into))
    }
}

impl Written<Span> {
    fn fill(&mut self, facts: &Facts<'_>, pen: &mut Pen<'_>) {
        self.headers.clear();
        self.body_members.clear();
        let (request, is_model_listed) = match *facts {
            Facts::Request {
                request,
                is_model_listed,
                ..
            } => (request, is_model_listed),
            Facts::Head { method, path } => {
                self.method = pen.word(method);
                self.path = pen.path(path);
                (self.query, self.content_type, self.model) = (None, None, None);
                return;
            }
        };
        self.method = pen.word(request.method);
        self.path = pen.path(request.path);
        let shown = pen.shown;
        let query = |query| pen.texts.add(|into| shown.query(query, into));
        self.query = request.query.map(query);
        let media_type = |value| pen.texts.add(|into| shown.media_type(value, into));
        self.content_type = request.content_type.map(media_type);
        self.headers.shrink_to(MOST_PAIRS_KEPT);
        self.headers.extend(request.headers.iter().map(|header| {
            let value = |into: &mut String| shown.header(header.name, header.value, into);
            (pen.texts.copy(header.name), pen.texts.add(value))
        }));
        self.model = Some(match request.model {
            RequestedModel::Unread => WrittenModel::Unread,
            RequestedModel::Absent => WrittenModel::Absent,
            RequestedModel::Named(name) => WrittenModel::Named(pen.model(name, is_model_listed)),
        });
        self.body_members.shrink_to(MOST_PAIRS_KEPT);
        let members = request.body_members.iter();
        self.body_members.extend(members.map(|&(name, member)| {
            let member = match member {
                BodyMember::Integer(number) => WrittenMember::Integer(number),
                BodyMember::Text(text) => WrittenMember::Text(pen.hash(text)),
                BodyMember::Unclear(fault) => WrittenMember::Unclear(fault.word()),
            };
            (pen.texts.copy(name), member)
        }));
    }
}

impl Concluded<Span> {
    fn fill(&mut self, entry: &Entry<'_>, pen: &mut Pen<'_>) {
        *self = match entry.conclusion {
            Conclusion::Decided(Decision::Forward(forward)) => {
                let route = entry.route.unwrap_or_default();
                self.forward((forward, route), asked_model(&entry.facts), pen)
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
                code: pen.texts.copy(&refusal.code),
                param: refusal.param.as_deref().map(|param| pen.texts.copy(param)),
                reason: Some(pen.texts.copy(&refusal.reason)),
            },
            Conclusion::Refused { status, code } | Conclusion::Failed { status, code, .. } => {
                Self::Refuse {
                    status,
                    code: pen.texts.copy(code),
                    param: None,
                    reason: None,
                }
            }
        };
    }

    fn forward(
        &mut self,
        (forward, route): (&Forward, &str),
        asked: Option<(&str, bool)>,
        pen: &mut Pen<'_>,
    ) -> Self {
        let (mut parameters, mut labels) = self.lists();
        // A dataset's name is the operator's; any other parameter is an id.
        let is_dataset = route.contains(" /v1/datasets/");
        parameters.extend(forward.parameters.iter().map(|(name, value)| {
            let name = pen.texts.copy(name);
            let value = if is_dataset {
                pen.word(value)
            } else {
                pen.hash(value)
            };
            (name, value)
        }));
        let label =
            |(name, value): &(String, String)| (pen.texts.copy(name), pen.texts.copy(value));
        labels.extend(forward.labels.iter().map(label));
        // What the client wrote may come back in either; every other name is the policy's.
        let mut model = |name: &str| match asked {
            Some((asked, is_listed)) if asked == name => pen.model(name, is_listed),
            _ => pen.texts.copy(name),
        };
        let [model, restamp] =
            [&forward.model, &forward.response_model].map(|name| name.as_deref().map(&mut model));
        Self::Forward {
            route: pen.texts.copy(route),
            parameters,
            model,
            restamp,
            notice: forward.notice.as_deref().map(|it| pen.texts.copy(it)),
            labels,
        }
    }

    /// The lists of parameters and labels, empty.
    fn lists(&mut self) -> (Pairs, Pairs) {
        let Self::Forward {
            parameters, labels, ..
        } = self
        else {
            return Default::default();
        };
        let taken = [parameters, labels].map(|list| {
            list.clear();
            list.shrink_to(MOST_PAIRS_KEPT);
            std::mem::take(list)
        });
        taken.into()
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

const MOST_PAIRS_KEPT: usize = 8;
