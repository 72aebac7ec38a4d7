//! Names that go to GT: of queries, headers and models. None may carry a credential or be what
//! Signalbox itself decides about.

use crate::{
    List, Text,
    diagnostic::{Code, Findings, shown},
    headers::is_credential,
    terms::{FIELD, LINE},
};

use super::words::{no_repeats, not_empty};

/// Query names, joined by commas.
pub(super) fn queries(list: &List, findings: &mut Findings) -> String {
    no_repeats(list, findings);
    for text in &list.items {
        if let Err(why) = query(&text.value) {
            report(Code::BadQueryName, text, "query", &why, findings);
        }
    }
    joined(list)
}

/// Header names, joined by commas.
pub(super) fn headers(list: &List, findings: &mut Findings) -> String {
    no_repeats(list, findings);
    for text in &list.items {
        if let Err(why) = header(&text.value) {
            report(Code::BadHeaderName, text, "header", &why, findings);
        }
    }
    joined(list)
}

/// Names of headers that a request must have, joined by commas. They are looked at, and go to GT only
/// if they are among those that may.
pub(super) fn required_headers(list: &List, findings: &mut Findings) -> String {
    let help = "leave it out if none is required";
    not_empty(list, "`required_headers`", help, findings);
    headers(list, findings)
}

/// Headers to set, packed as in [`crate::SetHeaders`].
pub(super) fn set_headers(written: &[(Text, Text)], findings: &mut Findings) -> String {
    let mut lines = Vec::with_capacity(written.len());
    for (name, text) in written {
        if let Err(why) = header(&name.value) {
            report(Code::BadHeaderName, name, "header", &why, findings);
        }
        let value = text.value.as_str();
        let is_visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if value.is_empty() || value.len() > 256 || !is_visible || value.trim() != value {
            let message = format!("`{}` is no value of a header", shown(value));
            let help = "a value has 1 to 256 bytes of visible ASCII, with spaces between";
            findings.add_with_help(Code::BadHeaderValue, text.position, message, help);
        }
        lines.push([name.value.as_str(), value].join(&FIELD.to_string()));
    }
    lines.join(&LINE.to_string())
}

/// A model name, or a pattern that ends in `*`.
pub(super) fn model(text: &Text, findings: &mut Findings) {
    let stem = text.value.strip_suffix('*').unwrap_or(&text.value);
    if let Some(why) = bytes_fault(&text.value) {
        let message = format!("`{}` is no model name: {why}", shown(&text.value));
        findings.add(Code::BadModelName, text.position, message);
    } else if stem.contains('*') {
        let message = format!("`{}` has a `*` before its end", shown(&text.value));
        let help = "a pattern is a beginning of names with one `*` after it";
        findings.add_with_help(Code::BadModelName, text.position, message, help);
    }
}

/// A name as GT publishes it.
pub(super) fn published(text: &Text, findings: &mut Findings) {
    if let Some(why) = bytes_fault(&text.value) {
        let message = format!("`{}` is no published name: {why}", shown(&text.value));
        findings.add(Code::BadPublishedName, text.position, message);
    } else if text.value.contains('*') {
        let message = format!("the published name `{}` has a `*`", shown(&text.value));
        let help = "GT gets this very name; to publish each name as itself write `{}`";
        findings.add_with_help(Code::BadPublishedName, text.position, message, help);
    }
}

/// Whether GT could publish something by this name, and a policy name it.
#[must_use]
pub fn is_published_name(name: &str) -> bool {
    bytes_fault(name).is_none() && !name.contains('*')
}

fn bytes_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > 256 {
        return Some("it has more than 256 bytes");
    }
    name.chars()
        .any(char::is_control)
        .then_some("it has control characters")
}

fn query(name: &str) -> Result<(), String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_legal) {
        return Err("a query name has 1 to 64 of A–Z a–z 0–9 - _ . [ ]".into());
    }
    let folded = name.to_ascii_lowercase().replace('_', "-");
    if folded == "model" || folded.starts_with("model[") {
        return Err("the policy decides about the model, and reads it in the body only".into());
    }
    if CREDENTIAL_QUERIES.contains(&folded.as_str()) {
        return Err("it carries a credential, and the client's never go to GT".into());
    }
    Ok(())
}

/// Whether a route may send a header to GT, and if not, why.
fn header(name: &str) -> Result<(), String> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_legal) {
        return Err("a header name is a token of 1 to 64 bytes".into());
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(format!(
            "header names are written in lower case: `{}`",
            name.to_ascii_lowercase()
        ));
    }
    let is_in = |names: &[&str]| names.contains(&name);
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if is_credential(name) {
        return Err("it carries a credential, and the client's never go to GT".into());
    }
    if name.starts_with("x-gt-") {
        return Err(
            "`x-gt-conversation-id` goes where GT takes it, and no other `x-gt-` header".into(),
        );
    }
    if name == "model" {
        return Err("the policy decides about the model, and reads it in the body only".into());
    }
    if is_in(HOST_HEADERS) || begins(HOST_PREFIXES) {
        return Err("the host itself decides about it".into());
    }
    Ok(())
}

fn report(code: Code, text: &Text, kind: &str, why: &str, findings: &mut Findings) {
    let message = format!("the {kind} `{}` cannot be sent to GT", shown(&text.value));
    findings.add_with_help(code, text.position, message, why);
}

fn joined(list: &List) -> String {
    let names: Vec<&str> = list.items.iter().map(|text| text.value.as_str()).collect();
    names.join(",")
}

const CREDENTIAL_QUERIES: &[&str] = &[
    "access-token",
    "api-key",
    "apikey",
    "auth",
    "authorization",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
    "x-api-key",
];

/// What shapes the connection or the message, or makes another route or client of a request.
const HOST_HEADERS: &[&str] = &[
    "accept-encoding",
    "alt-svc",
    "connection",
    "content-digest",
    "digest",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "if-range",
    "keep-alive",
    "origin",
    "range",
    "repr-digest",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

const HOST_PREFIXES: &[&str] = &["content-", "proxy-", "sec-", "x-forwarded-", "x-signalbox-"];
