//! Why a request is decided as it is: the evaluation itself, written down check by check.

use alloc::{string::String, vec::Vec};

use serde_json::{Value, json};

use crate::{
    Decision, Request, RouteIndex, Rules,
    evaluate::{Check, Trace, evaluate},
};

/// One request's decision with every check that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Exactly what [`crate::decide`] gives for the same rules and request.
    pub decision: Decision,
    /// The route it goes along, as `METHOD template`.
    pub route: Option<String>,
    /// Every check, in the order they are made.
    pub steps: Vec<Step>,
    /// The rules that decided.
    pub by: DecidedBy,
}

/// The rules of a policy that a decision follows from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecidedBy {
    /// The check that refused; `None` if none did.
    pub check: Option<Check>,
    /// The route the request belongs to, as `METHOD template`.
    pub route: Option<String>,
    /// The entry for its model, as under `models:`.
    pub model: Option<String>,
}

/// One check of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which check.
    pub check: Check,
    /// How it went.
    pub outcome: Outcome,
    /// What it looked at, or why it refused.
    pub detail: String,
}

/// How a check went.
///
/// Exhaustive on purpose: a check passes, fails or is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not made: an earlier check refused, or the request has nothing to check.
    NotMade,
    /// Let the request through.
    Pass,
    /// Refused it.
    Refuse,
}

/// Decides a request and says why.
///
/// It runs the evaluation [`crate::decide`] runs, with a recorder: the two cannot disagree.
pub fn explain(rules: &impl Rules, request: &Request<'_>) -> Explanation {
    let mut recorder = Recorder::default();
    let outcome = evaluate(rules, request, &mut recorder);
    let Recorder {
        mut made, mut by, ..
    } = recorder;
    let decision = match outcome {
        Ok(decision) => decision,
        Err(refused) => {
            let detail = refused.refusal.reason.clone();
            by.check = Some(refused.check);
            // Of a check that looked at several things the one that refused counts.
            made.retain(|step| step.check != refused.check);
            made.push(Step {
                check: refused.check,
                outcome: Outcome::Refuse,
                detail,
            });
            Decision::Refuse(refused.refusal)
        }
    };
    let steps = Check::ALL
        .into_iter()
        .map(|check| take(&mut made, check))
        .collect();
    let route = match &decision {
        Decision::Forward(forward) => rules.route(forward.route),
        _ => None,
    };
    Explanation {
        decision,
        route: route.map(|route| [route.method, " ", route.template].concat()),
        steps,
        by,
    }
}

impl Explanation {
    /// The explanation as JSON: `{"decision": {...}, "steps": [{"check","outcome","detail"}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let step = |step: &Step| {
            json!({
                "check": step.check.word(),
                "outcome": step.outcome.word(),
                "detail": step.detail,
            })
        };
        json!({
            "decision": decision_json(&self.decision, |_| self.route.clone()),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}

impl Outcome {
    /// `pass`, `refuse` or `not_made`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotMade => "not_made",
            Self::Pass => "pass",
            Self::Refuse => "refuse",
        }
    }
}

impl Check {
    /// Every check, in the order they are made.
    pub const ALL: [Self; 15] = [
        Self::Route,
        Self::Method,
        Self::Verdict,
        Self::Purpose,
        Self::Scope,
        Self::Dataset,
        Self::Conversation,
        Self::Caller,
        Self::RequiredHeader,
        Self::ModelPresent,
        Self::ModelRule,
        Self::ModelEndpoint,
        Self::ModelForCaller,
        Self::ModelOnKey,
        Self::Ceilings,
    ];

    /// A word for it, for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Ceilings => "ceilings",
            Self::Conversation => "conversation",
            Self::Dataset => "dataset",
            Self::Method => "method",
            Self::ModelEndpoint => "model_endpoint",
            Self::ModelForCaller => "model_for_caller",
            Self::ModelOnKey => "model_on_key",
            Self::ModelPresent => "model_present",
            Self::ModelRule => "model_rule",
            Self::Purpose => "purpose",
            Self::RequiredHeader => "required_header",
            Self::Route => "route",
            Self::Scope => "scope",
            Self::Verdict => "verdict",
        }
    }
}

/// A decision as JSON, for people and programs. `name` gives what a route is called.
pub fn decision_json(
    decision: &Decision,
    name: impl FnOnce(RouteIndex) -> Option<String>,
) -> Value {
    match decision {
        Decision::Forward(forward) => {
            let mut shown = json!({
                "route": name(forward.route),
                "parameters": parameters_json(&forward.parameters),
                "query": forward.query,
                "model": forward.model,
                "restamp": forward.response_model,
            });
            if let (Some(notice), Some(shown)) = (&forward.notice, shown.as_object_mut()) {
                shown.insert("notice".into(), json!(notice));
            }
            json!({ "forward": shown })
        }
        Decision::ListModels(mode) => json!({"list_models": match mode {
            crate::ListMode::Catalogue => json!("catalogue"),
            crate::ListMode::Upstream => json!("upstream"),
            crate::ListMode::Only(names) => json!(names),
        }}),
        Decision::ReadModel => json!("read_model"),
        Decision::Refuse(refusal) => json!({"refuse": {
            "status": refusal.status,
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "reason": refusal.reason,
        }}),
    }
}

fn parameters_json(parameters: &[(String, String)]) -> Value {
    parameters
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect()
}

#[derive(Default)]
struct Recorder {
    made: Vec<Step>,
    by: DecidedBy,
    template: String,
}

impl Trace for Recorder {
    fn passed(&mut self, check: Check, seen: &[&str]) {
        self.note(check, seen);
        let detail = seen.join(" → ");
        // Some checks look at several things.
        match self.made.last_mut().filter(|last| last.check == check) {
            Some(last) => last.detail = [&*last.detail, &detail].join(", "),
            None => self.made.push(Step {
                check,
                outcome: Outcome::Pass,
                detail,
            }),
        }
    }
}

impl Recorder {
    /// Takes note of the rules themselves.
    fn note(&mut self, check: Check, seen: &[&str]) {
        let Some(&first) = seen.first() else { return };
        match check {
            // The template, and then the method that it is taken with.
            Check::Route => self.template = first.into(),
            Check::Method => self.by.route = Some([first, " ", &self.template].concat()),
            Check::ModelRule => self.by.model = Some(first.into()),
            _ => {}
        }
    }
}

fn take(made: &mut Vec<Step>, check: Check) -> Step {
    match made.iter().position(|step| step.check == check) {
        Some(index) => made.swap_remove(index),
        None => Step {
            check,
            outcome: Outcome::NotMade,
            detail: String::new(),
        },
    }
}
