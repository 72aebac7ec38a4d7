//! Plain words for what was decided.

use signalbox_http::refusal::Code;
use signalbox_policy::Check;

use super::{deciding::Explained, find::Found};
use crate::recorded::{Ended, Outcome, Recorded};

pub(super) fn decided(decision: &Recorded) -> String {
    match &decision.outcome {
        Outcome::Forward {
            route,
            model: Some(model),
        } => format!("let through to {route}, as `{model}`"),
        Outcome::Forward { route, model: None } => format!("let through to {route}"),
        Outcome::List => "answered with the models this key may use".to_owned(),
        Outcome::ReadModel => "not decided: the model in the body was asked for".to_owned(),
        Outcome::Refuse { status, code, .. } => match status {
            Some(status) => format!("refused: {status} {code}"),
            None => format!("refused: {code}"),
        },
    }
}

pub(super) fn decider(decision: &Recorded) -> String {
    let Some(decider) = &decision.decider else {
        return "the host, before any policy was asked".to_owned();
    };
    let generation = decider.generation;
    let generation = generation.map(|number| format!(", generation {number}"));
    let digest = decider.digest.as_ref();
    let digest = digest.map(|digest| format!(", sha256 {digest}"));
    let whose = format!(
        "policy `{}`{}{}",
        decider.name,
        generation.unwrap_or_default(),
        digest.unwrap_or_default()
    );
    match decision.is_of_host() {
        true => format!("the host; {whose} would have decided"),
        false => whose,
    }
}

pub(super) fn ended(ended: &Ended) -> String {
    let status = ended.status.map(|status| format!("{status}, "));
    let status = status.unwrap_or_default();
    format!("{status}{} ({})", ended.outcome, ended.code)
}

/// The rule, as far as it is known.
pub(super) fn why(decision: &Recorded, explained: &Explained) -> String {
    if let Some(cause) = &decision.cause {
        return format!("the policy failed ({cause}), and what fails is refused");
    }
    match (explained.check, &decision.outcome) {
        (Some(check), _) => of_check(check).to_owned(),
        (None, Outcome::Refuse { code, .. }) if decision.is_of_host() => {
            let what = code_of(code).map(|code| sentences(code).0);
            let what = what.map(|what| format!("{what}: "));
            let what = what.unwrap_or_default();
            format!("{what}the host refuses it, whatever a policy says")
        }
        (None, Outcome::Refuse { code, reason, .. }) => match (reason, code_of(code)) {
            (Some(reason), _) => reason.clone(),
            (None, Some(code)) => sentences(code).0.to_owned(),
            (None, None) => "the policy says so by a code of its own".to_owned(),
        },
        (None, _) => "every check let it through".to_owned(),
    }
}

/// What is wrong, and what to do: a code's message says both.
fn sentences(code: Code) -> (&'static str, &'static str) {
    let message = code.message();
    message.split_once(". ").unwrap_or((message, message))
}

const fn of_check(check: Check) -> &'static str {
    match check {
        Check::Route => "the policy has no such route",
        Check::Method => "the route does not take this method",
        Check::Verdict => "the policy does not let this route through",
        Check::Purpose => "the key is for another purpose",
        Check::Scope => "the key lacks a scope",
        Check::Dataset => "the dataset is not on the key",
        Check::Conversation => "the key may not take part in conversations",
        Check::Caller => "the route is for other keys",
        Check::RequiredHeader => "a header is missing",
        Check::ModelPresent => "the body names no model",
        Check::ModelRule => "the policy has no such model",
        Check::ModelEndpoint => "the model does not work on this route",
        Check::ModelForCaller => "the model is for other keys",
        Check::ModelOnKey => "the model is not on the key",
        Check::Ceilings => "more is asked for than may be",
    }
}

/// What the caller may do: what was told, else what the code says.
pub(super) fn next(found: &Found, explained: &Explained) -> String {
    let ended = found.ended.as_ref().and_then(|ended| code_of(&ended.code));
    match &found.decision.outcome {
        Outcome::Refuse { code, .. } => match (&explained.message, code_of(code)) {
            (Some(_), _) => "as it was told; docs/errors.md says more of the code".to_owned(),
            (None, Some(code)) => format!("{} docs/errors.md says more.", sentences(code).1),
            (None, None) => "ask who wrote the policy what this code means".to_owned(),
        },
        Outcome::Forward { .. } if ended.is_some() => {
            ended.map(Code::message).unwrap_or_default().to_owned()
        }
        Outcome::Forward { .. } => {
            "nothing here stopped it: what went wrong, if anything did, is in GT's answer"
                .to_owned()
        }
        Outcome::List | Outcome::ReadModel => "nothing: no policy refused it".to_owned(),
    }
}

fn code_of(word: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.word() == word)
}
