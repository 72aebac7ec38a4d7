//! A JSON body that was read: its bytes, and the one value in them that may change.

use std::ops::Range;

use bytes::Bytes;
use signalbox_http::json::{self, Found};
use signalbox_http::refusal::Refusal;
use signalbox_policy::RequestedModel;

use crate::budget::Reservation;
use crate::outbound::Written;
use crate::upstream::RequestBody;

/// A body that was read, and what its model is.
#[derive(Debug)]
pub(crate) struct HeldBody {
    bytes: Bytes,
    model: Found,
    /// `None` for what one connection may hold for nothing.
    room: Option<Reservation>,
}

impl HeldBody {
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

    /// What the policy is told.
    pub(crate) fn requested(&self) -> RequestedModel<'_> {
        match &self.model {
            Found::Absent => RequestedModel::Absent,
            Found::Named { name, .. } => RequestedModel::Named(name),
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
    pub(crate) fn with_model(self, published: Option<&str>) -> RequestBody {
        let pieces = match (published, self.model) {
            (Some(published), Found::Named { name, span }) if name != published => {
                let Range { start, end } = span;
                let value = Bytes::from(json::quoted(published));
                [self.bytes.slice(..start), value, self.bytes.slice(end..)]
            }
            _ => [self.bytes, Bytes::new(), Bytes::new()],
        };
        RequestBody::held(pieces, self.room)
    }
}

impl<'a> Written<'a> {
    /// What was read, in the words of the check before GT.
    pub(crate) fn of(body: Option<&'a HeldBody>) -> Self {
        match body.map(|body| &body.model) {
            None => Self::Unread,
            Some(Found::Absent) => Self::Absent,
            Some(Found::Named { name, .. }) => Self::Named(name),
        }
    }
}

const STREAM: &str = "\"stream\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &'static str) -> HeldBody {
        HeldBody::read(Bytes::from_static(text.as_bytes()), None).unwrap()
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
