//! One request under the laws.

use std::collections::BTreeSet;

use signalbox_cases::{Answer, Decider, Told};
use signalbox_http::path;
use signalbox_policy::{
    Decision, Expectation, ExpectedForward, ExpectedRefusal, Forward, ModelSource, Request,
    RequestedModel,
    fences::{self, Asked, Breach},
    gt::CONVERSATION_HEADER,
};
use signalbox_runtime::DecideError;

use super::{Broken, Law, naming};
use crate::{TestRequest, expected::error_text};

/// What a law was broken with, once it is known which request.
pub(super) type Kept<T = ()> = Result<T, Box<Broken>>;

pub(super) struct Asking<'c, P> {
    pub(super) policy: &'c P,
    pub(super) laws: &'c [Law],
    pub(super) request: &'c TestRequest,
}

impl<P: Decider> Asking<'_, P> {
    /// Asks, and once more of a fresh instance and of one that has decided before. `None` if it failed in a way
    /// that is not looked for.
    pub(super) fn decide(&self, request: &Request<'_>) -> Kept<Option<Decision>> {
        let first = self.policy.decide(request);
        if let Err(error) = &first {
            let law = law_of(error);
            return self
                .holds(law, false, || (error_text(error), to_be_decided()))
                .map(|()| None);
        }
        for (again, by) in [
            (self.policy.decide(request), "by a fresh instance"),
            (
                self.policy.decide_reused(request),
                "by an instance that has decided before",
            ),
        ] {
            if let Err(error) = &again {
                self.holds(law_of(error), false, || {
                    let why = format!("asked again {by}: {}", error_text(error));
                    (why, self.expected_answer())
                })?;
                continue;
            }
            self.holds(Law::Deterministic, again == first, || {
                let (first, again) = (shown(&first), shown(&again));
                let why = format!("answers {first}, and asked again {by}: {again}");
                (why, self.expected_answer())
            })?;
        }
        Ok(first.ok())
    }

    pub(super) fn holds(
        &self,
        law: Law,
        is_kept: bool,
        found: impl FnOnce() -> (String, Expectation),
    ) -> Kept {
        self.holds_for(self.request, law, is_kept, found)
    }

    fn holds_for(
        &self,
        request: &TestRequest,
        law: Law,
        is_kept: bool,
        found: impl FnOnce() -> (String, Expectation),
    ) -> Kept {
        if is_kept || !self.laws.contains(&law) {
            return Ok(());
        }
        let (why, expect) = found();
        let request = request.clone();
        Err(Box::new(Broken {
            law,
            why,
            request,
            expect,
        }))
    }

    /// The key's fences hold, which the host checks again.
    pub(super) fn forwards(&self, forward: &Forward, written: Option<&str>) -> Kept {
        let Some(route) = self.policy.description().route(forward.route) else {
            return Ok(());
        };
        let caller = &self.request.caller;
        let conversation = self.request.headers.contains_key(CONVERSATION_HEADER);
        let asked = Asked::by_forward(route, forward, conversation, written);
        let Err(breach) = fences::check(caller, &asked) else {
            return Ok(());
        };
        let (law, code) = match breach {
            Breach::Scope(_) => (Law::Scopes, "insufficient_scope"),
            Breach::Purpose => (Law::Key, "purpose_not_allowed"),
            Breach::Dataset(_) => (Law::Key, "dataset_not_allowed"),
            Breach::Conversation => (Law::Key, "conversation_not_allowed"),
            Breach::Model(_) => (Law::Key, "model_not_found"),
        };
        self.holds(law, false, || {
            let why = format!("forwards {} past the key: {breach:?}", route.name());
            (why, refused(code))
        })
    }

    /// The same request by a key without any scope goes nowhere where one is asked for.
    pub(super) fn refuses_without_scopes(&self) -> Kept {
        let bare = self.request.clone().scopes([""; 0]);
        let question = bare.question();
        let Ok(told) = Told::new(&question, self.policy.description()) else {
            return Ok(());
        };
        let ask = |model| (model, self.policy.decide(&told.request(model)));
        let mut answers = vec![ask(RequestedModel::Unread)];
        if let [(_, Ok(Decision::ReadModel))] = &answers[..] {
            answers = self.models().into_iter().map(ask).collect();
        }
        for (model, answer) in answers {
            let Ok(Decision::Forward(forward)) = answer else {
                continue;
            };
            let route = self.policy.description().route(forward.route);
            let Some(route) = route.filter(|route| !route.scopes.is_empty()) else {
                continue;
            };
            self.holds_for(&naming(&bare, model), Law::Scopes, false, || {
                let why = format!("forwards {} for a key without scopes", route.name());
                (why, refused("insufficient_scope"))
            })?;
        }
        Ok(())
    }

    /// A host may take a refusal of the head for the last word.
    pub(super) fn is_final(
        &self,
        code: &str,
        model: RequestedModel<'_>,
        decision: Option<&Decision>,
    ) -> Kept {
        let is_kept = match decision {
            Some(Decision::Refuse(refusal)) => refusal.code == code,
            Some(_) => false,
            None => true,
        };
        self.holds(Law::FinalRefusals, is_kept, || {
            let then = decision.map(kind).unwrap_or_default();
            let why = match name_of(model) {
                Some(name) => {
                    format!("refuses with `{code}` before the model is read; with `{name}`: {then}")
                }
                None => {
                    format!("refuses with `{code}` before the model is read; with no model: {then}")
                }
            };
            (why, refused(code))
        })
    }

    /// Whether a host that has the body may ask with the model at once: where the route has one.
    pub(super) fn may_be_asked_at_once(&self, told: &Told<'_>) -> bool {
        let request = told.request(RequestedModel::Unread);
        let mut routes = self.policy.description().routes.iter();
        routes.any(|route| {
            route.model != ModelSource::None
                && route.method == request.method
                && path::matches(&route.template, request.path).is_some()
        })
    }

    /// No model, the request's own, one of the catalogue, and a stranger.
    pub(super) fn models(&self) -> Vec<RequestedModel<'_>> {
        let listed = self.policy.catalogue().next();
        let listed = listed.map(|entry| entry.name.as_str());
        let names = [self.request.model.as_deref(), listed, Some(STRANGER)];
        let names: BTreeSet<&str> = names.into_iter().flatten().collect();
        let named = names.into_iter().map(RequestedModel::Named);
        [RequestedModel::Absent].into_iter().chain(named).collect()
    }

    /// What a case would be answered now.
    fn expected_answer(&self) -> Expectation {
        match signalbox_cases::ask(self.policy, &self.request.question()) {
            Ok(Answer::Forward { route, forward, .. }) => Expectation::Forward(ExpectedForward {
                route,
                model: forward.model,
                ..ExpectedForward::default()
            }),
            Ok(Answer::Refuse { code, .. }) => refused(&code),
            Ok(Answer::List(names)) => Expectation::List { names },
            Ok(Answer::ReadModel) | Err(_) => to_be_decided(),
        }
    }
}

const fn law_of(error: &DecideError) -> Law {
    match error {
        DecideError::Timeout => Law::InTime,
        DecideError::Contract(_) => Law::Legal,
        _ => Law::Answers,
    }
}

pub(super) const fn name_of(model: RequestedModel<'_>) -> Option<&str> {
    match model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Unread | RequestedModel::Absent => None,
    }
}

pub(super) fn kind(decision: &Decision) -> String {
    match decision {
        Decision::Forward(_) => "forward".to_owned(),
        Decision::ListModels(_) => "list".to_owned(),
        Decision::ReadModel => "read the model".to_owned(),
        Decision::Refuse(refusal) => format!("refuse {}", refusal.code),
    }
}

fn shown(answer: &Result<Decision, DecideError>) -> String {
    match answer {
        Ok(decision) => format!("{decision:?}"),
        Err(error) => error_text(error),
    }
}

fn refused(code: &str) -> Expectation {
    Expectation::Refuse(ExpectedRefusal {
        code: code.to_owned(),
        ..ExpectedRefusal::default()
    })
}

fn to_be_decided() -> Expectation {
    refused("to_be_decided")
}

/// A name that no catalogue has.
const STRANGER: &str = "a-model-nobody-knows";
