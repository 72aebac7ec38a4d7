//! Whether an answer is what a case expects, and how to say what it is instead.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Write as _;

use signalbox_policy::{Case, Expectation, ExpectedForward, ExpectedRefusal, Forward};
use signalbox_runtime::DecideError;

use crate::{Answer, By, Outcome};

/// What becomes of a case with this answer.
#[must_use]
pub fn judge(case: &Case, answer: Result<Answer, DecideError>) -> Outcome {
    if let Some(why) = &case.skip {
        return Outcome::Skipped(why.clone());
    }
    let expected = &case.expect;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Outcome::Error(chain(&error)),
    };
    let (is_kind, looked_at) = compared(expected, &answer);
    if is_kind && looked_at.iter().all(|it| it.expected == it.actual) {
        return Outcome::Pass;
    }
    Outcome::Fail {
        expected: expectation_text(expected, &looked_at),
        actual: answer_text(&answer, &looked_at),
        by: by(&answer),
    }
}

/// An error, and what it comes of.
fn chain(error: &DecideError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// What the policy itself says of why it refused.
fn by(answer: &Answer) -> Option<By> {
    match answer {
        Answer::Refuse { reason, .. } if !reason.is_empty() => Some(By {
            rule: reason.clone(),
            place: None,
        }),
        _ => None,
    }
}

/// Something of an answer that a case looks at; an empty text stands for none.
struct LookedAt {
    what: &'static str,
    expected: String,
    actual: String,
}

/// Whether the answer is of the kind, and what of it is looked at.
fn compared(expected: &Expectation, answer: &Answer) -> (bool, Vec<LookedAt>) {
    match (expected, answer) {
        (
            Expectation::Forward(expected),
            Answer::Forward {
                route,
                path,
                forward,
            },
        ) => (
            expected.route == *route,
            of_forward(expected, Some((path, forward))),
        ),
        (Expectation::Forward(expected), _) => (false, of_forward(expected, None)),
        (
            Expectation::Refuse(expected),
            Answer::Refuse {
                code,
                message,
                reason,
                ..
            },
        ) => (
            expected.code == *code,
            of_refusal(expected, message, reason),
        ),
        (Expectation::Refuse(expected), _) => (false, of_refusal(expected, "", "")),
        (Expectation::List { names }, Answer::List(listed)) => {
            let names: BTreeSet<_> = names.iter().collect();
            (names == listed.iter().collect(), Vec::new())
        }
        (Expectation::List { .. }, _) => (false, Vec::new()),
    }
}

fn of_forward(expected: &ExpectedForward, actual: Option<(&String, &Forward)>) -> Vec<LookedAt> {
    let forward = actual.map(|(_, forward)| forward);
    let text = |of: fn(&Forward) -> Option<&String>| forward.and_then(of).cloned();
    let set = forward.map(|forward| {
        let set = forward.set_headers.iter();
        sorted(set.map(|it| format!("{}: {}", it.name, String::from_utf8_lossy(&it.value))))
    });
    let dropped = forward.map(|forward| sorted(forward.drop_headers.iter().cloned()));
    let set_expected = expected.set_headers.as_ref();
    let dropped_expected = expected.drop_headers.as_ref();
    let all = [
        (
            "model",
            expected.model.clone(),
            text(|it| it.model.as_ref()),
        ),
        (
            "response model",
            expected.response_model.clone(),
            text(|it| it.response_model.as_ref()),
        ),
        (
            "path",
            expected.path.clone(),
            actual.map(|(path, _)| path.clone()),
        ),
        (
            "query",
            expected.query.clone(),
            text(|it| it.query.as_ref()),
        ),
        (
            "set headers",
            set_expected
                .map(|set| sorted(set.iter().map(|(name, value)| format!("{name}: {value}")))),
            set,
        ),
        (
            "drop headers",
            dropped_expected.map(|names| sorted(names.iter().cloned())),
            dropped,
        ),
        (
            "notice",
            expected.notice.clone(),
            text(|it| it.notice.as_ref()),
        ),
    ];
    looked_at(all)
}

fn of_refusal(expected: &ExpectedRefusal, message: &str, reason: &str) -> Vec<LookedAt> {
    looked_at([
        (
            "message",
            expected.message.clone(),
            Some(message.to_owned()),
        ),
        ("reason", expected.reason.clone(), Some(reason.to_owned())),
    ])
}

fn looked_at<const N: usize>(
    all: [(&'static str, Option<String>, Option<String>); N],
) -> Vec<LookedAt> {
    let expected = all.into_iter().filter_map(|(what, expected, actual)| {
        Some(LookedAt {
            what,
            expected: expected?,
            actual: actual.unwrap_or_default(),
        })
    });
    expected.collect()
}

fn sorted(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn expectation_text(expected: &Expectation, looked_at: &[LookedAt]) -> String {
    let looked_at = looked_at.iter().map(|it| (it.what, &*it.expected));
    match expected {
        Expectation::Forward(expected) => with(format!("forward {}", expected.route), looked_at),
        Expectation::List { names } => format!("list [{}]", names.join(", ")),
        Expectation::Refuse(expected) => with(format!("refuse {}", expected.code), looked_at),
    }
}

/// The model and the message are said even if nobody looks at them.
fn answer_text(answer: &Answer, looked_at: &[LookedAt]) -> String {
    match answer {
        Answer::Forward { route, forward, .. } => {
            let others = looked_at.iter().filter(|it| it.what != "model");
            let others = others.map(|it| (it.what, &*it.actual));
            let model = forward.model.as_deref().map(|model| ("model", model));
            with(format!("forward {route}"), model.into_iter().chain(others))
        }
        Answer::List(names) => format!("list [{}]", names.join(", ")),
        Answer::ReadModel => "read the model".into(),
        Answer::Refuse {
            code,
            message,
            reason,
            ..
        } => {
            let is_looked_at = looked_at.iter().any(|it| it.what == "reason");
            let reason = is_looked_at.then_some(("reason", &**reason));
            with(format!("refuse {code}: {message}"), reason.into_iter())
        }
    }
}

fn with<'t>(mut text: String, looked_at: impl Iterator<Item = (&'static str, &'t str)>) -> String {
    for (what, value) in looked_at {
        let value = if value.is_empty() { "none" } else { value };
        text += &format!(", {what} {value}");
    }
    text
}
