//! The query of a request, as its names and values.

use std::collections::BTreeMap;

use signalbox_http::percent::{Plus, decode};

use super::super::error::AdminError;

/// Names and values, decoded; none twice.
pub(super) fn query(text: &str) -> Result<BTreeMap<String, String>, AdminError> {
    let mut pairs = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or_else(|| broken(name))?;
        let value = decoded(value).ok_or_else(|| broken(&name))?;
        if pairs.contains_key(&name) {
            let message = format!("The query has `{name}` twice.");
            return Err(AdminError::value(name, message));
        }
        pairs.insert(name, value);
    }
    Ok(pairs)
}

/// The first name that is left is one that nobody knows.
pub(super) fn none(left: &BTreeMap<String, String>) -> Result<(), AdminError> {
    match left.keys().next() {
        None => Ok(()),
        Some(name) => {
            let message = format!("The query has `{name}`, which has no meaning here.");
            Err(AdminError::value(name, message))
        }
    }
}

fn broken(name: &str) -> AdminError {
    let message = format!("`{name}` in the query has a broken escape. Send `%` as `%25`.");
    AdminError::value(name, message)
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(decode(text, Plus::IsSpace)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_and_told_apart() {
        let read = query("a=1&b=5%25&c=POST+/v1/x%3Acode&d&&").unwrap();
        let expected = [("a", "1"), ("b", "5%"), ("c", "POST /v1/x:code"), ("d", "")];
        let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(read, expected);
        for broken in ["a=%", "a=%2", "a=%zz", "%=1", "a=%ff", "a=1&a=2", "a&%61"] {
            assert!(query(broken).is_err(), "{broken}");
        }
    }
}
