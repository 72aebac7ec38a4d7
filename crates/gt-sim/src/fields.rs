//! The fields of a JSON body, read strictly.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Refusal::body("the body must be a JSON object")),
            Err(error) => Err(Refusal::body(format!("the body is not JSON: {error}"))),
        }
    }

    /// A field that is there; `null` is the same as absent.
    pub(crate) fn find(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&Value, Refusal> {
        self.find(name)
            .ok_or_else(|| Refusal::field(name, format!("`{name}` is required")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        let text = self
            .required(name)?
            .as_str()
            .filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            Refusal::field(name, format!("`{name}` must be a string that is not empty"))
        })
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.optional(name, "a string", Value::as_str)
    }

    pub(crate) fn optional_number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.optional(name, "a whole number", Value::as_u64)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self
            .optional(name, "true or false", Value::as_bool)?
            .unwrap_or(false))
    }

    pub(crate) fn optional_list(&self, name: &str) -> Result<&[Value], Refusal> {
        let list = self.optional(name, "an array", Value::as_array)?;
        Ok(list.map(Vec::as_slice).unwrap_or_default())
    }

    /// One of a few words, the first of which is the default.
    pub(crate) fn word<'a>(&'a self, name: &str, known: &[&'a str]) -> Result<&'a str, Refusal> {
        one_of(name, self.optional_text(name)?, known)
    }

    fn optional<'a, T>(
        &'a self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let read =
            read(value).ok_or_else(|| Refusal::field(name, format!("`{name}` must be {kind}")))?;
        Ok(Some(read))
    }
}

/// A word if it is a known one, the first known one if there is none.
pub(crate) fn one_of<'a>(
    name: &str,
    given: Option<&'a str>,
    known: &[&'a str],
) -> Result<&'a str, Refusal> {
    match given.or(known.first().copied()) {
        Some(word) if known.contains(&word) => Ok(word),
        _ => Err(Refusal::field(
            name,
            format!("`{name}` is one of: {}", known.join(", ")),
        )),
    }
}
