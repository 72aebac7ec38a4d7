//! The list of models, in OpenAI's shape.

use serde_json::Value;

use crate::quote::quoted;

/// The answer to `GET /v1/models` with these names, in this order.
///
/// The same names always give the same bytes: `created` is 0, for no clock says when a name was
/// published, and every model is GT's as far as a client can tell.
#[must_use]
pub fn render_list<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut body = br#"{"object":"list","data":["#.to_vec();
    for (index, name) in names.into_iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write_model(&mut body, name);
    }
    body.extend(b"]}");
    body
}

/// The answer to `GET /v1/models/{id}`.
#[must_use]
pub fn render_one(name: &str) -> Vec<u8> {
    let mut body = Vec::new();
    write_model(&mut body, name);
    body
}

/// The names in GT's own list, in its order.
///
/// # Errors
/// A body that is not a list in OpenAI's shape: a part of a list would be mistaken for the whole.
pub fn parse_list(body: &[u8]) -> Result<Vec<String>, ListError> {
    let list: Value = serde_json::from_slice(body)?;
    let data = list
        .get("data")
        .and_then(Value::as_array)
        .ok_or(ListError::NoData)?;
    data.iter()
        .enumerate()
        .map(|(index, entry)| {
            let id = entry.get("id").and_then(Value::as_str);
            id.map(str::to_owned).ok_or(ListError::NoId { index })
        })
        .collect()
}

/// Why a body is not a list of models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It is not JSON.
    #[error("the model list is not JSON")]
    Json(#[from] serde_json::Error),
    /// There is no list in it.
    #[error("the model list has no array `data`")]
    NoData,
    /// An entry has no name.
    #[error("entry {index} of the model list has no string `id`")]
    NoId {
        /// Which one, from 0.
        index: usize,
    },
}

fn write_model(body: &mut Vec<u8>, name: &str) {
    body.extend(br#"{"id":"#);
    body.extend(quoted(name));
    body.extend(br#","object":"model","created":0,"owned_by":"gt"}"#);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_openais_shape() {
        let body = render_list(["gpt-4o", "a\"b"]);
        let expected = r#"{"object":"list","data":[{"id":"gpt-4o","object":"model","created":0,"owned_by":"gt"},{"id":"a\"b","object":"model","created":0,"owned_by":"gt"}]}"#;
        assert_eq!(str::from_utf8(&body), Ok(expected));
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert_eq!(render_list([]), br#"{"object":"list","data":[]}"#);
    }

    #[test]
    fn what_is_rendered_reads_back_in_order() {
        let names = ["b", "a", "openai/gpt-4o", "🚂"];
        assert_eq!(parse_list(&render_list(names)).unwrap(), names);
    }

    #[test]
    fn one_model_is_an_entry_of_the_list() {
        let entry = render_one("x");
        assert_eq!(
            render_list(["x"]),
            [br#"{"object":"list","data":["#, &entry[..], b"]}"].concat()
        );
    }

    #[test]
    fn fields_beyond_the_name_do_not_matter() {
        let body = br#"{"data":[{"id":"x","owned_by":"tenant","extra":1}],"has_more":false}"#;
        assert_eq!(parse_list(body).unwrap(), ["x"]);
    }

    #[test]
    fn what_is_not_a_list_is_an_error() {
        assert!(matches!(parse_list(b"<html>"), Err(ListError::Json(_))));
        assert!(matches!(parse_list(b"[]"), Err(ListError::NoData)));
        assert!(matches!(
            parse_list(br#"{"data":{}}"#),
            Err(ListError::NoData)
        ));
        assert!(matches!(
            parse_list(br#"{"data":[{"id":"x"},{"id":1}]}"#),
            Err(ListError::NoId { index: 1 })
        ));
        assert!(matches!(
            parse_list(br#"{"data":["x"]}"#),
            Err(ListError::NoId { index: 0 })
        ));
    }
}
