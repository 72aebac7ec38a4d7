//! The id by which both sides speak of a request: `x-request-id` on every answer.
//!
//! GT's own if its answer has one, for that is the one GT's operator can look up; else the client's,
//! which it has in its own log; else the decision's. Towards GT goes the client's and no other.

use http::header::{Entry, HeaderMap, HeaderName, HeaderValue};

use crate::request::header_values::FieldLines;

/// Gives an answer its id, if GT gave it none.
///
/// `decision` is the decision's, as its value.
pub(crate) fn stamp(
    answer: &mut HeaderMap,
    client: Option<&HeaderValue>,
    decision: impl FnOnce() -> Option<HeaderValue>,
) {
    if let Entry::Vacant(place) = answer.entry(REQUEST_ID)
        && let Some(id) = client.cloned().or_else(decision)
    {
        place.insert(id);
    }
}

/// The one id of the client's, if it is a plain word: what comes back in an answer is written into
/// logs and shown to people.
pub(crate) fn of_client(lines: &FieldLines) -> Option<&HeaderValue> {
    let [id] = lines.all() else {
        return None;
    };
    let is_plain =
        (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    is_plain.then_some(id)
}

/// Four times a UUID: room for every generator known, none for a letter.
const LONGEST: usize = 128;
/// The id of a decision, in its answer.
pub(crate) const DECISION: HeaderName = HeaderName::from_static("x-signalbox-decision");
/// The policy that decided, and its generation.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("x-signalbox-policy");
/// What the policy has for people to know beside GT's answer.
pub(crate) const NOTICE: HeaderName = HeaderName::from_static("x-signalbox-notice");
/// The id by which both sides speak of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
