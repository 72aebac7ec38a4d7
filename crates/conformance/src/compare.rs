//! What was expected against what came.

use serde_json::{Value, json};

use super::{
    format::{Answer, Exchange, Expected, Seen, Step, Version},
    normal,
};

/// Where what came is not what was expected; one line each, nothing if all is the same.
#[must_use]
pub fn differences(exchange: &Exchange, version: Version, came: &[Step]) -> Vec<String> {
    let expected: Vec<_> = exchange
        .steps
        .iter()
        .map(|step| seen_over(step, version))
        .collect();
    let came: Vec<_> = came.iter().map(|step| seen_over(step, version)).collect();
    let mut lines = Vec::new();
    compare("", &Value::from(expected), &Value::from(came), &mut lines);
    lines
}

/// The same exchange at a door that keeps no records.
pub(super) fn without_records(exchange: &Exchange) -> Exchange {
    let mut exchange = exchange.clone();
    exchange.steps.iter_mut().for_each(leave_records_out);
    exchange
}

fn leave_records_out(step: &mut Step) {
    if let Some(then) = &mut step.then {
        then.client_saw.iter_mut().for_each(|it| it.record = None);
    }
    step.meanwhile.iter_mut().for_each(leave_records_out);
}

/// Every request GT saw in these steps, those meanwhile after those of their step.
pub(super) fn gt_saw(steps: &[Step]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for step in steps {
        let then = step.then.iter();
        seen.extend(then.flat_map(|then| then.gt_saw.iter().cloned()));
        seen.extend(gt_saw(&step.meanwhile));
    }
    seen
}

/// Writes into an exchange what came of it over each version it is played over.
///
/// # Errors
/// If it differs in more than headers: then it has to be two exchanges.
pub(super) fn record(exchange: &mut Exchange, came: &[(Version, Vec<Step>)]) -> Result<(), String> {
    let Some(((_, first), others)) = came.split_first() else {
        return Err("it is played over no version".to_owned());
    };
    let mut steps = first.clone();
    match others {
        [] => {}
        [(Version::Http2, second)] => steps
            .iter_mut()
            .zip(second)
            .try_for_each(|(step, other)| split(step, other))?,
        _ => return Err("its versions are not in order".to_owned()),
    }
    exchange.steps = steps;
    Ok(())
}

/// What came of a step, and of those meanwhile, as it is over one version.
fn seen_over(step: &Step, version: Version) -> Value {
    let then = step.then.as_ref().map(|then| Expected {
        client_saw: then.client_saw.iter().map(|it| over(it, version)).collect(),
        ..then.clone()
    });
    let meanwhile = step.meanwhile.iter().map(|step| seen_over(step, version));
    json!({"then": then, "meanwhile": meanwhile.collect::<Vec<_>>()})
}

fn over(answer: &Answer, version: Version) -> Answer {
    let mut answer = answer.clone();
    let (http1, http2) = (
        std::mem::take(&mut answer.http1),
        std::mem::take(&mut answer.http2),
    );
    answer.headers.extend(match version {
        Version::Http1 => http1,
        Version::Http2 => http2,
    });
    answer.headers = normal::in_order(answer.headers);
    answer
}

/// Takes the headers apart that only one of two versions has.
fn split(step: &mut Step, other: &Step) -> Result<(), String> {
    if let (Some(then), Some(others)) = (&mut step.then, &other.then) {
        for (answer, other) in then.client_saw.iter_mut().zip(&others.client_saw) {
            let only = |one: &[String], other: &[String]| -> Vec<_> {
                one.iter()
                    .filter(|line| !other.contains(line))
                    .cloned()
                    .collect()
            };
            answer.http1 = only(&answer.headers, &other.headers);
            answer.http2 = only(&other.headers, &answer.headers);
            let is_common = |line: &String| other.headers.contains(line);
            answer.headers.retain(is_common);
        }
    }
    for (step, other) in step.meanwhile.iter_mut().zip(&other.meanwhile) {
        split(step, other)?;
    }
    let (one, two) = (
        seen_over(step, Version::Http2),
        seen_over(other, Version::Http2),
    );
    let mut lines = Vec::new();
    compare("", &one, &two, &mut lines);
    if lines.is_empty() {
        return Ok(());
    }
    Err(format!(
        "over HTTP/2 it is another than over HTTP/1.1:\n{}",
        lines.join("\n")
    ))
}

fn compare(at: &str, expected: &Value, came: &Value, lines: &mut Vec<String>) {
    match (expected, came) {
        _ if expected == came => {}
        (Value::Object(one), Value::Object(two)) => {
            for (name, value) in one {
                let other = two.get(name).unwrap_or(&Value::Null);
                let is_absent = !two.contains_key(name);
                compare(&format!("{at}/{name}"), value, other, lines);
                if is_absent && value.is_null() {
                    lines.push(format!("{at}/{name}: expected, and it is not there"));
                }
            }
            for (name, value) in two.iter().filter(|(name, _)| !one.contains_key(*name)) {
                lines.push(format!("{at}/{name}: not expected: {value}"));
            }
        }
        (Value::Array(one), Value::Array(two)) if is_text(one) && is_text(two) => {
            lines.push(format!("{at}:"));
            lines.extend(changed(one, two));
        }
        (Value::Array(one), Value::Array(two)) => {
            for number in 0..one.len().max(two.len()) {
                let at = format!("{at}/{number}");
                match (one.get(number), two.get(number)) {
                    (Some(one), Some(two)) => compare(&at, one, two, lines),
                    (Some(one), None) => lines.push(format!("{at}: did not come: {one}")),
                    (None, two) => lines.push(format!("{at}: not expected: {}", json!(two))),
                }
            }
        }
        _ => lines.push(format!("{at}:\n  - {expected}\n  + {came}")),
    }
}

fn is_text(items: &[Value]) -> bool {
    items.iter().all(Value::is_string)
}

/// Lines that are gone with `-`, new ones with `+`; all of both where only the order differs.
fn changed(one: &[Value], two: &[Value]) -> Vec<String> {
    let only = |mark: &str, one: &[Value], two: &[Value]| -> Vec<String> {
        let new = one.iter().filter(|line| !two.contains(line));
        new.map(|line| format!("  {mark} {line}")).collect()
    };
    let mut lines = only("-", one, two);
    lines.extend(only("+", two, one));
    if lines.is_empty() {
        lines.extend(one.iter().map(|line| format!("  - {line}")));
        lines.extend(two.iter().map(|line| format!("  + {line}")));
    }
    lines
}
