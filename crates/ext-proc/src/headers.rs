//! Heads as Envoy tells them, and what it is to change in them.

use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{self as core, HeaderValueOption};
use envoy_types::pb::envoy::service::ext_proc::v3::HeaderMutation;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A head as Envoy tells it.
#[derive(Debug, Default)]
pub(crate) struct EnvoyHead {
    pseudo: Vec<(String, Vec<u8>)>,
    pub(crate) headers: HeaderMap,
}

impl EnvoyHead {
    /// Reads a head; `None` if it has what no head can have.
    pub(crate) fn read(told: Option<core::HeaderMap>) -> Option<Self> {
        let mut head = Self::default();
        for core::HeaderValue {
            key,
            value,
            raw_value,
            ..
        } in told.unwrap_or_default().headers
        {
            let value = match raw_value.is_empty() {
                true => value.into_bytes(),
                false => raw_value,
            };
            if key.starts_with(':') {
                head.pseudo.push((key, value));
                continue;
            }
            let name = HeaderName::from_bytes(key.as_bytes()).ok()?;
            let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).ok()?;
            head.headers.try_append(name, value).ok()?;
        }
        Some(head)
    }

    /// The text of a pseudo header.
    pub(crate) fn pseudo(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pseudo.iter().find(|(known, _)| known == name)?;
        str::from_utf8(value).ok()
    }
}

/// What makes one head of another. `host` is not looked at: it is set in any case.
pub(crate) fn change(from: &HeaderMap, to: &HeaderMap) -> HeaderMutation {
    let mut mutation = HeaderMutation::default();
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    mutation.remove_headers = gone
        .filter(|name| *name != HOST)
        .map(|name| name.as_str().to_owned())
        .collect();
    for name in to.keys().filter(|name| *name != HOST) {
        if !from.get_all(name).iter().eq(to.get_all(name)) {
            put(&mut mutation, name, to);
        }
    }
    mutation
}

/// All of a head, for a response that has none yet.
pub(crate) fn all(headers: &HeaderMap) -> HeaderMutation {
    let mut mutation = HeaderMutation::default();
    for name in headers.keys() {
        put(&mut mutation, name, headers);
    }
    mutation
}

/// Sets one header, pseudo headers and `host` too.
pub(crate) fn set(mutation: &mut HeaderMutation, name: &str, value: &[u8]) {
    let action = HeaderAppendAction::OverwriteIfExistsOrAdd;
    mutation.set_headers.push(option(name, value, action));
}

fn put(mutation: &mut HeaderMutation, name: &HeaderName, from: &HeaderMap) {
    let mut action = HeaderAppendAction::OverwriteIfExistsOrAdd;
    for value in from.get_all(name) {
        let option = option(name.as_str(), value.as_bytes(), action);
        mutation.set_headers.push(option);
        action = HeaderAppendAction::AppendIfExistsOrAdd;
    }
}

pub(crate) fn option(name: &str, value: &[u8], action: HeaderAppendAction) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(core::HeaderValue {
            key: name.to_owned(),
            raw_value: value.to_vec(),
            ..core::HeaderValue::default()
        }),
        append_action: action.into(),
        keep_empty_value: true,
        ..HeaderValueOption::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        lines.collect()
    }

    /// What Envoy makes of a mutation.
    fn apply(mut head: HeaderMap, mutation: &HeaderMutation) -> HeaderMap {
        for name in &mutation.remove_headers {
            head.remove(name.as_str());
        }
        for set in &mutation.set_headers {
            let header = set.header.as_ref().unwrap();
            let name = HeaderName::from_bytes(header.key.as_bytes()).unwrap();
            let value = HeaderValue::from_bytes(&header.raw_value).unwrap();
            match set.append_action() {
                HeaderAppendAction::AppendIfExistsOrAdd => head.append(name, value),
                _ => head.insert(name, value).is_some(),
            };
        }
        head
    }

    #[test]
    fn a_change_makes_the_one_of_the_other_and_says_no_more() {
        let from = headers(&[
            ("a", "1"),
            ("b", "1"),
            ("b", "2"),
            ("c", "1"),
            ("host", "x"),
        ]);
        let to = headers(&[("b", "1"), ("c", "1"), ("c", "2"), ("d", "1"), ("d", "2")]);
        let change = change(&from, &to);
        assert_eq!(change.remove_headers, ["a"]);
        let mut made = apply(from, &change);
        made.remove("host");
        assert_eq!(made, to);
        let same = super::change(&to, &to);
        assert_eq!(same, HeaderMutation::default());
    }
}
