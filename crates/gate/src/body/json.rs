//! A JSON body: its bytes, and where its model is.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use signalbox_http::json::{self, Found, Member, MemberNames};
use signalbox_http::refusal::Refusal;
use signalbox_http::usage;

use crate::body::budget::Reservation;
use crate::body::passing::Passing;
use crate::body::upstream_body::{Part, UpstreamBody};
use crate::policy::body_members::BodyMembers;

/// A body that was read, and what its model is.
#[derive(Debug)]
pub(crate) struct HeldJson {
    bytes: Bytes,
    model: Found,
    /// Which members somebody asked for, and those it has.
    asked: MemberNames,
    members: Vec<(Arc<str>, Member)>,
    /// `None` for what one connection may hold for nothing.
    room: Option<Reservation>,
}

impl HeldJson {
    /// Looks for the model, and for the members of these names.
    ///
    /// # Errors
    /// If the body is not one JSON object, or names its model in a way that can be read in two.
    pub(crate) fn read(
        bytes: Bytes,
        names: &MemberNames,
        room: Option<Reservation>,
    ) -> Result<Self, Refusal> {
        let (model, members) = match names.is_empty() {
            true => (json::find_model(&bytes)?, Vec::new()),
            false => json::find_members(&bytes, names)?,
        };
        Ok(Self {
            bytes,
            model,
            asked: Arc::clone(names),
            members,
            room,
        })
    }

    /// The members of these names. Another policy than the one it was read for may ask for others.
    pub(crate) fn members(&self, names: &MemberNames) -> Cow<'_, BodyMembers> {
        if *self.asked == **names {
            return Cow::Borrowed(&self.members);
        }
        // It was read once, so it can be read again.
        let found = json::find_members(&self.bytes, names);
        Cow::Owned(found.map_or_else(|_| Vec::new(), |(_, members)| members))
    }

    pub(crate) const fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Where to put what asks for the usage of the stream it asks for.
    pub(crate) fn place_to_ask(&self) -> Option<usize> {
        usage::place_to_ask(&self.bytes)
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

    /// Whether the request asks for a stream, as far as a look at the bytes can tell.
    pub(crate) fn asks_for_a_stream(&self) -> bool {
        json::asks_for_a_stream(&self.bytes)
    }

    /// The body for GT: every byte the client's, but for the one value. A small one stays one piece;
    /// of a large one nothing is copied.
    pub(crate) fn into_upstream(self, passing: Passing<'_>) -> UpstreamBody {
        let parts = match (passing, self.model) {
            (Passing::Checked(Some(published)), Found::Named { name, span })
                if name != published =>
            {
                if self.bytes.len() <= SMALL {
                    vec![Part::Bytes(with_model(&self.bytes, span, published))]
                } else {
                    let Range { start, end } = span;
                    let value = Bytes::from(json::quoted(published));
                    vec![
                        Part::Bytes(self.bytes.slice(..start)),
                        Part::Bytes(value),
                        Part::Bytes(self.bytes.slice(end..)),
                    ]
                }
            }
            _ => vec![Part::Bytes(self.bytes)],
        };
        UpstreamBody::whole(parts, self.room, None)
    }
}

/// A body with another model.
fn with_model(body: &[u8], value: Range<usize>, model: &str) -> Bytes {
    let before = body.get(..value.start).unwrap_or_default();
    let after = body.get(value.end..).unwrap_or_default();
    let length = before.len() + model.len() + 2 + after.len();
    let mut changed = Vec::with_capacity(length);
    changed.extend_from_slice(before);
    json::quote(model, &mut changed);
    changed.extend_from_slice(after);
    changed.into()
}

/// Up to here copying a body costs less than passing it on in pieces.
const SMALL: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &str) -> Vec<Part> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let held = HeldJson::read(body, &Arc::default(), None).unwrap();
        held.into_upstream(Passing::Checked(Some("gt\"1"))).parts
    }

    #[test]
    fn the_model_changes_alone_in_bodies_of_any_size() {
        for (length, pieces) in [(0, 1), (SMALL - 30, 1), (SMALL, 3), (100_000, 3)] {
            let text = "x".repeat(length);
            let parts = sent(&format!(r#"{{"user":"{text}","model": "gpt"}}"#));
            assert_eq!(parts.len(), pieces);
            let sent: Vec<&[u8]> = parts.iter().map(Part::in_memory).collect();
            let expected = format!(r#"{{"user":"{text}","model": "gt\"1"}}"#);
            assert!(sent.concat() == expected.as_bytes(), "{length}");
        }
    }
}
