//! The key of a route: method and path template.

use std::collections::BTreeMap;

use crate::{
    Position, Text,
    diagnostic::{Code, Findings, did_you_mean, shown},
};

/// A method and a template that fit the language.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) method: String,
    pub(crate) template: String,
    pub(crate) position: Position,
}

impl Key {
    /// `METHOD template`
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Whether requests have no body.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// Whether the body is a file for a dataset.
    pub(crate) fn is_upload(&self) -> bool {
        self.template == "/v1/conversations/files" || self.template.starts_with("/v1/datasets/")
    }

    /// The template with every parameter under one name: two of a shape take the same paths.
    fn shape(&self) -> String {
        let segments = self.template.split('/');
        let shapes = segments.map(|part| if part.starts_with('{') { "{}" } else { part });
        shapes.collect::<Vec<_>>().join("/")
    }
}

pub(super) fn read(text: &Text, findings: &mut Findings) -> Option<Key> {
    let Some((method, template)) = text.value.split_once(' ') else {
        let message = format!("`{}` is no route", shown(&text.value));
        let help = "write a method, one space and a path, like `GET /v1/models`";
        findings.add_with_help(Code::BadTemplate, text.position, message, help);
        return None;
    };
    let known_method = METHODS.contains(&method);
    if !known_method {
        let message = format!("unknown method `{}`", shown(method));
        let help = did_you_mean(method, METHODS);
        findings.add_with_help(Code::UnknownMethod, text.position, message, help);
    }
    if let Err(help) = template_fits(template) {
        let message = format!("`{}` is no path template", shown(template));
        findings.add_with_help(Code::BadTemplate, text.position, message, help);
        return None;
    }
    if let Some((message, help)) = alias(method, template) {
        findings.add_with_help(Code::AliasRoute, text.position, message, help);
    }
    let key = Key {
        method: method.into(),
        template: template.into(),
        position: text.position,
    };
    known_method.then_some(key)
}

/// Reports routes that stand there twice, and templates whose parameters have two sets of names.
pub(super) fn compare<'k>(keys: impl Iterator<Item = &'k Key>, findings: &mut Findings) {
    let mut by_shape: BTreeMap<String, Vec<&Key>> = BTreeMap::new();
    for key in keys {
        let same = by_shape.entry(key.shape()).or_default();
        if let Some(first) = same.iter().find(|first| first.method == key.method) {
            let (name, line) = (first.name(), findings.line(first.position, key.position));
            let message = format!("this is `{name}` of {line} once more");
            findings.add_with_help(
                Code::DuplicateRoute,
                key.position,
                message,
                "keep one of them",
            );
        } else if let Some(first) = same.iter().find(|first| first.template != key.template) {
            let line = findings.line(first.position, key.position);
            let message = format!("the same path is `{}` on {line}", first.template);
            let help = "name the parameters of one path alike";
            findings.add_with_help(Code::DuplicateRoute, key.position, message, help);
        }
        same.push(key);
    }
}

/// What the host turns into another route before a policy sees it.
fn alias(method: &str, template: &str) -> Option<(String, &'static str)> {
    let is_one = |prefix: &str| {
        template
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.contains('/'))
    };
    if method == "GET" && is_one("/v1/models/") {
        let help = "leave it out: it goes with `GET /v1/models`";
        return Some(("the host answers this route itself".into(), help));
    }
    if is_one("/v1/uploads/") {
        let help = "leave it out: it goes with `GET /v1/files/{id}`";
        return Some(("the host reads this route as `/v1/files/{id}`".into(), help));
    }
    None
}

fn template_fits(template: &str) -> Result<(), String> {
    if !template.starts_with('/') || template.contains(' ') {
        return Err(
            "one space stands between method and path, and the path begins with `/`".into(),
        );
    }
    let Some(rest) = template.strip_prefix("/v1/") else {
        let rest = template.strip_prefix("/api/tenant").unwrap_or(template);
        let rest = rest.strip_prefix("/v1").unwrap_or(rest);
        return Err(format!(
            "paths begin with `/v1/`, whatever base clients use: `/v1{}`",
            shown(rest)
        ));
    };
    if template.len() > MOST_BYTES {
        return Err(format!("a path has at most {MOST_BYTES} bytes"));
    }
    let mut names = std::collections::BTreeSet::new();
    for segment in rest.split('/') {
        match segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) if !is_name(name) => {
                return Err(
                    "a parameter is `{name}`: a letter, then letters, digits and `_`".into(),
                );
            }
            Some(name) if !names.insert(name) => {
                return Err(format!("the parameter `{{{name}}}` stands there twice"));
            }
            Some(_) => {}
            None => literal_fits(segment)?,
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn literal_fits(segment: &str) -> Result<(), String> {
    if segment.is_empty() {
        return Err("a path has no empty segment and does not end with `/`".into());
    }
    if segment.contains('?') {
        return Err("queries are listed under `query:`".into());
    }
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if !segment.bytes().all(is_legal) || matches!(segment, "." | "..") {
        return Err(
            "a segment is text of A–Z a–z 0–9 - _ . ~, or one whole parameter `{id}`".into(),
        );
    }
    Ok(())
}

const METHODS: &[&str] = &["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

const MOST_BYTES: usize = 200;
