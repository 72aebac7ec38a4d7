//! Requests from a HAR file, as browsers and proxies write them.

use std::collections::BTreeMap;

use anyhow::{anyhow, ensure};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use signalbox_gate::gt_routes;
use signalbox_http::path::canonical;
use signalbox_policy::{BodyValue, Caller};

use super::{
    Keys,
    answer::{Answered, before, refusal},
    request::{Model, Place, Request, Untold},
    secret::Secrets,
};

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    request: Sent,
    response: Answered,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    text: Option<String>,
    #[serde(default)]
    params: Vec<Param>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Param {
    name: String,
    value: Option<String>,
}

/// Hands on every entry.
pub(super) fn read(
    bytes: &[u8],
    name: &str,
    keys: &Keys<'_>,
    told: &mut dyn FnMut(Result<Request, Untold>),
) -> anyhow::Result<()> {
    // What the parser says about a value may show it.
    let har: Har = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        anyhow!("{name} is no HAR file: see line {line}, column {column}")
    })?;
    ensure!(!har.log.entries.is_empty(), "{name} has no entries");
    let mut is_any = false;
    for (entry, number) in har.log.entries.into_iter().zip(1..) {
        let entry = Entry::deserialize(entry);
        is_any |= entry.is_ok();
        let entry = entry.map_err(|_| Untold::BrokenEntry);
        told(entry.and_then(|entry| request(entry, number, keys)));
    }
    ensure!(is_any, "{name} has no entry with a request and its answer");
    Ok(())
}

fn request(entry: Entry, number: u64, keys: &Keys<'_>) -> Result<Request, Untold> {
    let target = target(&entry.request.url).ok_or(Untold::NotOfGate)?;
    let path = canonical(&target, &|_| false)
        .map_err(|_| Untold::NotOfGate)?
        .path
        .to_string();
    let method = entry.request.method.to_ascii_uppercase();
    // Pages have more than calls of an API.
    let text = entry.response.content.read();
    let text = text.as_deref();
    if gt_routes::shipped().find(&method, &path).is_none() && text.and_then(refusal).is_none() {
        return Err(Untold::NotOfGate);
    }
    let before = before(&path, entry.response.status, text)?;
    let headers = entry.request.headers.iter();
    let secrets = Secrets::of(headers.map(|pair| (&*pair.name, &*pair.value)));
    let headers = entry.request.headers.into_iter();
    let mut headers: BTreeMap<_, _> = headers
        .filter(|pair| !pair.name.starts_with(':'))
        .map(|pair| (pair.name.to_ascii_lowercase(), pair.value))
        .collect();
    // It is shown nowhere, and no policy is told of it.
    let token = headers.remove("authorization");
    let caller = caller(token.as_deref(), keys)?;
    let (model, body, has_whole_body) = body(entry.request.post_data);
    Ok(Request {
        place: Place {
            number,
            id: None,
            time: entry.started_date_time.filter(|text| is_time(text)),
        },
        method,
        target,
        headers,
        has_all_headers: true,
        caller,
        model,
        body,
        unknown_members: Vec::new(),
        has_whole_body,
        before,
        secrets,
    })
}

/// Path and query of a URL.
fn target(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.get(rest.find('/')?..)?;
    let path = path.split('#').next()?;
    Some(path.to_owned())
}

/// Whether a text is a time and nothing else: an annotation after it may be anything.
fn is_time(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ':' | '.' | '+' | '-');
    text.chars().all(is_part) && text.parse::<Timestamp>().is_ok()
}

/// The key of the token, else the one that is named.
fn caller(authorization: Option<&str>, keys: &Keys<'_>) -> Result<Caller, Untold> {
    let keyring = keys.keyring.as_ref().ok_or(Untold::NoKey)?;
    let token = authorization
        .and_then(|value| value.split_once(' '))
        .map(|(_, token)| token);
    let by_token = token.and_then(|token| keyring.lookup(token.trim()));
    let key = match (by_token, keys.default) {
        (Some(key), _) => key,
        (None, Some(id)) => keyring.key(id).ok_or(Untold::UnknownKey)?,
        (None, None) if token.is_some() => return Err(Untold::UnknownKey),
        (None, None) => return Err(Untold::NoKey),
    };
    Ok((*key.caller).clone())
}

/// The model and the other members; whether that is all there was.
fn body(body: Option<Body>) -> (Model, BTreeMap<String, BodyValue>, bool) {
    let Some(body) = body else {
        return (Model::Unknown, BTreeMap::new(), false);
    };
    let object = body.text.as_deref().map(serde_json::from_str);
    if let Some(Ok(Value::Object(mut object))) = object {
        let model = match object.remove("model") {
            Some(Value::String(name)) => Model::Named(name),
            Some(_) => Model::Unknown,
            None => Model::Absent,
        };
        let members = object
            .into_iter()
            .map(|(name, value)| (name, member(&value)));
        return (model, members.collect(), true);
    }
    let mut params = body.params.into_iter();
    let model = params
        .find(|param| param.name == "model")
        .and_then(|it| it.value);
    (
        model.map_or(Model::Unknown, Model::Named),
        BTreeMap::new(),
        false,
    )
}

fn member(value: &Value) -> BodyValue {
    match value {
        Value::String(text) => BodyValue::Text(text.clone()),
        other => other
            .as_u64()
            .map_or(BodyValue::Other(()), BodyValue::Integer),
    }
}
