//! Ceilings of a decision that cannot be asked about again, since bodies are never logged.

use signalbox_policy::{Caller, CallerRule, Ceilings, Decision, Explanation, Policy, Rules as _};

use crate::recorded::{Model, Outcome, Recorded, is_of_body};

/// What is said of a refusal for a member of the body that is not written down: what the ceilings are. `None`
/// if it is none, or if the policy has no ceiling there, and decides otherwise indeed.
pub(super) fn unasked(
    policy: &Policy,
    decision: &Recorded,
    caller: &Caller,
    explanation: &Explanation,
) -> Option<String> {
    let is_let_through = matches!(explanation.decision, Decision::Forward(_));
    let Model::Named(model) = &decision.model else {
        return None;
    };
    if !is_let_through || !is_of_unknown_member(decision) {
        return None;
    }
    let most = words(most(policy, model, caller)?);
    if most.is_empty() {
        return None;
    }
    let why = "bodies are never logged, so the ceiling cannot be asked about again";
    Some(format!(
        "{why}; by this policy there may be {}",
        most.join(", ")
    ))
}

fn is_of_unknown_member(decision: &Recorded) -> bool {
    let Outcome::Refuse { code, .. } = &decision.outcome else {
        return false;
    };
    let more = decision.more.as_ref();
    let is_known = more.is_some_and(|it| !it.numbers.is_empty() && it.unknown_members.is_empty());
    is_of_body(code) && !is_known
}

/// Those of the model, and of every rule that fits the caller.
fn most(policy: &Policy, model: &str, caller: &Caller) -> Option<Ceilings> {
    let is_named = |rule: &CallerRule<'_>| {
        let mut keys = rule.keys.iter();
        rule.keys.is_empty() || keys.any(|key| key == caller.id)
    };
    let fitting = policy
        .callers()
        .filter(|rule| is_named(rule) && rule.labels.fit(&caller.labels));
    let of_model = policy.model(model)?.terms.ceilings;
    Some(fitting.fold(of_model, |most, rule| most.and(rule.ceilings)))
}

fn words(most: Ceilings) -> Vec<String> {
    let tokens = most
        .tokens
        .map(|most| format!("at most {most} as `max_tokens` and as `max_completion_tokens`"));
    let answers = most.answers.map(|most| format!("at most {most} as `n`"));
    let effort = most.effort.map(|most| {
        let most = most.word();
        format!("at most {most} as `reasoning_effort`")
    });
    tokens.into_iter().chain(answers).chain(effort).collect()
}
