//! What differs from run to run, each under the name it has in the files.

use std::net::SocketAddr;

use serde_json::{Map, Value};

use super::{format::Answer, message::Came, written::Written};

/// Headers of a request to GT: names in lower case and in their order, with GT's address as `{gt}`.
pub(super) fn seen_headers(lines: &[String], gt: SocketAddr) -> Vec<String> {
    let gt = gt.to_string();
    let lines = lines.iter().map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim().replace(&gt, "{gt}");
        format!("{}: {value}", name.to_lowercase())
    });
    in_order(lines.collect())
}

/// An answer and the id of its decision, if it has one.
pub(super) fn answer(came: Came) -> (Answer, Option<String>) {
    let mut decision = None;
    let lines: Vec<_> = came
        .headers
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    // A door may be set up to say nothing of decisions; then this id is the decision's, unless GT or
    // the client gave one.
    for source in ["x-request-id", "x-signalbox-decision"] {
        let named = lines
            .iter()
            .find(|(name, value)| name == source && is_hex(value, 32));
        decision = named.map(|(_, value)| value.clone()).or(decision);
    }
    let is_rated = came.status == 429 && has_code(&came.body, "rate_limited");
    let headers = lines.into_iter().map(|(name, value)| {
        let value = match &*name {
            "x-signalbox-decision" | "x-request-id" if Some(&value) == decision.as_ref() => {
                "{decision}".to_owned()
            }
            "date" if value != GT_DATE && is_date(&value) => "{date}".to_owned(),
            "retry-after" if is_rated && is_wait(&value) => "{seconds}".to_owned(),
            _ => value,
        };
        format!("{name}: {value}")
    });
    let answer = Answer {
        interim: came.interim,
        version: came.version,
        status: came.status,
        headers: in_order(headers.collect()),
        body: Written::of(&came.body),
        broken_off: came.broken_off,
        ..Answer::default()
    };
    (answer, decision)
}

/// A record: what was checked to have its form is written as its name. Its `usage` is left out: it is there once the answer
/// has ended, which its client does not wait for, and only where the gate sees the answer.
pub(super) fn record(mut record: Value, decision: &str) -> Value {
    let mut hashes = Vec::new();
    number_hashes(&mut record, &mut hashes);
    let Value::Object(members) = &mut record else {
        return record;
    };
    members.remove("usage");
    name(members, "id", |id| id.as_str() == Some(decision));
    name(members, "time", |time| {
        let time = time.as_str().unwrap_or_default();
        time.len() >= 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T'
    });
    name(members, "digest", |digest| {
        digest.as_str().is_some_and(|digest| is_hex(digest, 64))
    });
    name(members, "micros", Value::is_u64);
    record
}

fn name(members: &mut Map<String, Value>, name: &str, is_it: impl Fn(&Value) -> bool) {
    if let Some(value) = members.get_mut(name)
        && is_it(value)
    {
        *value = Value::String(format!("{{{name}}}"));
    }
}

/// `~` and a keyed hash become `~1`, `~2`, …: equal ones stay equal.
fn number_hashes(value: &mut Value, hashes: &mut Vec<String>) {
    match value {
        Value::String(text) => *text = numbered(text, hashes),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| number_hashes(item, hashes)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| number_hashes(member, hashes)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn numbered(text: &str, hashes: &mut Vec<String>) -> String {
    let mut parts = text.split('~');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('~');
        let hash = part.get(..16).filter(|hash| is_hex(hash, 16));
        let Some(hash) = hash else {
            out.push_str(part);
            continue;
        };
        let known = hashes.iter().position(|known| known == hash);
        let number = known.unwrap_or_else(|| {
            hashes.push(hash.to_owned());
            hashes.len() - 1
        });
        out.push_str(&format!("{}{}", number + 1, &part[16..]));
    }
    out
}

/// By name; several of one name keep the order they came in.
pub(super) fn in_order(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    lines
}

fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

fn is_hex(text: &str, length: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(is_digit)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn is_date(text: &str) -> bool {
    text.len() == GT_DATE.len() && text.ends_with(" GMT") && text.as_bytes()[3] == b','
}

/// What is left of a minute depends on when in it one asks.
fn is_wait(text: &str) -> bool {
    text.parse()
        .is_ok_and(|seconds: u64| (1..=60).contains(&seconds))
}

fn has_code(body: &[u8], code: &str) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["error"]["code"] == code
}

/// The date that GT's scripts say: it passes, so it is not renamed.
const GT_DATE: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
