//! A JSON body: its bytes, and where its model is.

use std::ops::Range;

use bytes::Bytes;
use signalbox_http::json::{self, Found};
use signalbox_http::refusal::Refusal;

use crate::body::budget::Reservation;
use crate::body::passing::Passing;
use crate::body::upstream_body::{Part, UpstreamBody};

/// A body that was read, and what its model is.
#[derive(Debug)]
pub(crate) struct HeldJson {
    bytes: Bytes,
    model: Found,
    /// `None` for what one connection may hold for nothing.
    room: Option<Reservation>,
}

impl HeldJson {
    /// Looks for the model.
    ///
    /// # Errors
    /// If the body is not one JSON object, or names its model in a way that can be read in two.
    pub(crate) fn read(bytes: Bytes, room: Option<Reservation>) -> Result<Self, Refusal> {
        let model = json::find_model(&bytes)?;
        Ok(Self { bytes, model, room })
    }

    pub(crate) const fn names_a_model(&self) -> bool {
        matches!(self.model, Found::Named { .. })
    }

    pub(crate) fn model(&self) -> Option<&str> {
        match &self.model {
            Found::Absent => None,
            Found::Named { name, .. } => Some(name),
        }
    }

    /// Whether the request asks for a stream, as far as a look at the bytes can tell: a `stream`
    /// deeper inside counts too, one written in escapes does not.
    pub(crate) fn asks_for_a_stream(&self) -> bool {
        // The scan has found UTF-8.
        let text = str::from_utf8(&self.bytes).unwrap_or_default();
        text.match_indices(STREAM).any(|(at, _)| {
            let rest = text.get(at + STREAM.len()..).unwrap_or_default();
            let value = rest.trim_ascii_start().strip_prefix(':');
            value.is_some_and(|value| value.trim_ascii_start().starts_with("true"))
        })
    }

    /// The body for GT: every byte the client's, but for the one value. Nothing is copied.
    pub(crate) fn into_upstream(self, passing: Passing<'_>) -> UpstreamBody {
        let parts = match (passing, self.model) {
            (Passing::Checked(Some(published)), Found::Named { name, span })
                if name != published =>
            {
                let Range { start, end } = span;
                let value = Bytes::from(json::quoted(published));
                vec![
                    Part::Bytes(self.bytes.slice(..start)),
                    Part::Bytes(value),
                    Part::Bytes(self.bytes.slice(end..)),
                ]
            }
            _ => vec![Part::Bytes(self.bytes)],
        };
        UpstreamBody::whole(parts, self.room, None)
    }
}

const STREAM: &str = "\"stream\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &'static str) -> HeldJson {
        HeldJson::read(Bytes::from_static(text.as_bytes()), None).unwrap()
    }

    #[test]
    fn a_stream_is_asked_for_by_the_member() {
        for (text, asks) in [
            (r#"{"model":"m","stream":true}"#, true),
            ("{\"stream\" :\n true}", true),
            (r#"{"stream":false}"#, false),
            (r#"{"messages":["\"stream\":true"]}"#, false),
            (r#"{"stream_options":{"include_usage":true}}"#, false),
            (r#"{"a":"stream","b":true}"#, false),
        ] {
            assert_eq!(body(text).asks_for_a_stream(), asks, "{text}");
        }
    }
}
