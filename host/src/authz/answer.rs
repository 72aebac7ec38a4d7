//! What a proxy is told: the request for GT, or the answer for its client.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use signalbox_gate::ResponseEdit;
use signalbox_http::head::{is_sdk_header, passing_names};
use signalbox_policy::gt::CONVERSATION_HEADER;

use super::proxy::{Proxy, Shown};
use super::refusals;

/// The request for GT, in the form the proxy acts on.
///
/// # Errors
/// Why the proxy could not send it.
pub(super) fn forward(
    proxy: Proxy,
    head: Parts,
    body: Option<Vec<u8>>,
    response: ResponseEdit,
) -> Result<Response<Bytes>, &'static str> {
    let mut head = head;
    head.headers.remove(header::HOST);
    match proxy {
        Proxy::NginxNjs(_) => document(proxy, &head, body, &response),
        Proxy::Traefik => Ok(lines(head.headers)),
        Proxy::Nginx | Proxy::Caddy | Proxy::Haproxy => {
            if proxy.lists_headers() {
                keep_listed(&mut head.headers)?;
            }
            let mut answer = lines(head.headers);
            let told = answer.headers_mut();
            told.insert(AUTHZ, FORWARD);
            told.insert(METHOD, value(head.method.as_str())?);
            told.insert(URI, value(&head.uri.to_string())?);
            told.extend(response.headers);
            if let Some(id) = response.request_id {
                told.insert(REQUEST_ID, id);
            }
            Ok(answer)
        }
    }
}

/// The answer for the client.
pub(super) fn respond(proxy: Proxy, mut response: Response<Bytes>) -> Response<Bytes> {
    match proxy {
        // It would pass the header on.
        Proxy::Traefik => return response,
        Proxy::Nginx => response = as_forbidden(response),
        Proxy::NginxNjs(_) | Proxy::Caddy | Proxy::Haproxy => {}
    }
    response.headers_mut().insert(AUTHZ, ANSWER);
    response
}

/// What to send, and what to do with GT's response, in one line of JSON; then the header lines of the
/// request, and its body.
fn document(
    proxy: Proxy,
    head: &Parts,
    body: Option<Vec<u8>>,
    response: &ResponseEdit,
) -> Result<Response<Bytes>, &'static str> {
    let mut lines = Vec::new();
    for (name, value) in &head.headers {
        // `authorization` is the proxy's own line, and the others follow it.
        if name == header::AUTHORIZATION {
            continue;
        }
        lines.extend_from_slice(b"\r\n");
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
    }
    let authorization = head.headers.get(header::AUTHORIZATION);
    let authorization = authorization.ok_or(HEADER)?;
    let shown = |value: &HeaderValue| value.to_str().map(str::to_owned).map_err(|_| HEADER);
    let mut client = Vec::new();
    for (name, value) in &response.headers {
        client.push(json!([name.as_str(), shown(value)?]));
    }
    let stamp = response.stamp.as_deref().map(String::from_utf8_lossy);
    let request_id = response.request_id.as_ref().map(shown).transpose()?;
    let told: Value = json!({
        "method": head.method.as_str(),
        "uri": head.uri.to_string(),
        "authorization": shown(authorization)?,
        "lines": lines.len(),
        "stamp": stamp,
        "headers": client,
        "request_id": request_id,
        "refusals": *refusals::OF_RESPONSES,
    });
    let mut document = told.to_string().into_bytes();
    document.push(b'\n');
    document.extend_from_slice(&lines);
    if proxy == Proxy::NginxNjs(Shown::Body) {
        document.extend_from_slice(&body.unwrap_or_default());
    }
    let mut answer = Response::new(Bytes::from(document));
    answer.headers_mut().insert(AUTHZ, FORWARD);
    Ok(answer)
}

/// A success whose headers are those of the request for GT.
fn lines(headers: HeaderMap) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.headers_mut() = headers;
    answer.headers_mut().remove(header::CONTENT_LENGTH);
    answer
}

/// Takes away the headers by which clients' libraries speak of themselves, and which a proxy does not
/// send on that has to be told of each.
///
/// # Errors
/// If there is another one that it does not send on, or one twice.
fn keep_listed(headers: &mut HeaderMap) -> Result<(), &'static str> {
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    for name in names {
        let is_ours = matches!(name, header::AUTHORIZATION | header::ACCEPT_ENCODING);
        let is_listed =
            is_ours || name == CONVERSATION_HEADER || passing_names().contains(&name.as_str());
        if !is_listed && !is_sdk_header(name.as_str()) {
            return Err(HEADER);
        }
        if !is_listed {
            headers.remove(&name);
        } else if headers.get_all(&name).iter().count() > 1 {
            return Err(HEADER);
        }
    }
    Ok(())
}

/// `auth_request` knows of success, 401 and 403 alone, and passes no body on: the status and the body
/// are headers of a 403, from which the configuration makes the answer.
fn as_forbidden(response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers
        .insert(STATUS, HeaderValue::from(head.status.as_u16()));
    if let Ok(body) = HeaderValue::from_bytes(&body) {
        head.headers.insert(BODY, body);
    }
    head.status = StatusCode::FORBIDDEN;
    Response::from_parts(head, Bytes::new())
}

fn value(text: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::try_from(text).map_err(|_| HEADER)
}

const HEADER: &str = "The request has a header that the proxy before this gate cannot send on. Leave it out, or tell the operator.";
const AUTHZ: HeaderName = HeaderName::from_static("x-signalbox-authz");
const FORWARD: HeaderValue = HeaderValue::from_static("forward");
const ANSWER: HeaderValue = HeaderValue::from_static("answer");
const METHOD: HeaderName = HeaderName::from_static("x-signalbox-method");
const URI: HeaderName = HeaderName::from_static("x-signalbox-uri");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-signalbox-request-id");
const STATUS: HeaderName = HeaderName::from_static("x-signalbox-status");
const BODY: HeaderName = HeaderName::from_static("x-signalbox-body");
