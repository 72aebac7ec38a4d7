//! Requests from a HAR file, as browsers and proxies write them.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use signalbox_files::read_regular;
use signalbox_gate::gt_routes;
use signalbox_http::{models::parse_list, path::canonical, refusal::Code};
use signalbox_policy::{BodyValue, Caller};

use super::{
    Keys,
    request::{Before, Model, Place, Published, Request, Untold},
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
struct Answered {
    status: i64,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
struct Content {
    text: Option<String>,
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
    path: &Path,
    keys: &Keys<'_>,
    told: &mut dyn FnMut(Result<Request, Untold>),
) -> anyhow::Result<()> {
    let name = path.display();
    let bytes = read_regular(path, LARGEST).with_context(|| format!("cannot read {name}"))?;
    let har: Har =
        serde_json::from_slice(&bytes).with_context(|| format!("{name} is no HAR file"))?;
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
    let text = entry.response.content.text.as_deref().unwrap_or_default();
    if gt_routes::shipped().find(&method, &path).is_none() && refusal(text).is_none() {
        return Err(Untold::NotOfGate);
    }
    let before = before(&path, &entry.response)?;
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
            time: entry.started_date_time,
        },
        method,
        target,
        headers,
        has_all_headers: true,
        caller,
        model,
        body,
        has_whole_body,
        before,
    })
}

/// Path and query of a URL.
fn target(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.get(rest.find('/')?..)?;
    let path = path.split('#').next()?;
    Some(path.to_owned())
}

fn before(path: &str, answer: &Answered) -> Result<Before, Untold> {
    let text = answer.content.text.as_deref().unwrap_or_default();
    match answer.status {
        ..100 => Err(Untold::NoAnswer),
        100..400 if path == "/v1/models" => Ok(Before::List(parse_list(text.as_bytes()).ok())),
        100..400 => Ok(forwarded()),
        _ => match refusal(text) {
            // An error of GT: the request got there.
            None => Ok(forwarded()),
            Some((_, Some(code))) if is_of_host(code) => Err(Untold::OfHost),
            Some((word, _)) => Ok(Before::Refuse(word)),
        },
    }
}

/// Neither route nor published name stands in an answer.
const fn forwarded() -> Before {
    Before::Forward {
        route: None,
        model: Published::Unknown,
    }
}

/// The code in OpenAI's error form.
fn refusal(text: &str) -> Option<(String, Option<Code>)> {
    let body: Value = serde_json::from_str(text).ok()?;
    let word = body.pointer("/error/code")?.as_str()?;
    let code = Code::ALL.iter().copied().find(|code| code.word() == word);
    Some((word.to_owned(), code))
}

/// What a policy has no say in.
const fn is_of_host(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidRequest
            | Code::InvalidPath
            | Code::InvalidQuery
            | Code::InvalidBody
            | Code::AmbiguousModel
            | Code::InvalidApiKey
            | Code::RequestTimeout
            | Code::BodyTooLarge
            | Code::UnsupportedMediaType
            | Code::WebsocketNotSupported
            | Code::RateLimited
            | Code::TooManyStreams
            | Code::HeadTooLarge
            | Code::UpstreamUnreachable
            | Code::UpstreamProtocol
            | Code::UpstreamRedirect
            | Code::UpstreamCredentialRejected
            | Code::UpstreamTimeout
            | Code::NoPolicy
            | Code::Overloaded
            | Code::SpoolFailed
    )
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

/// An afternoon in a browser.
const LARGEST: u64 = 512 << 20;
