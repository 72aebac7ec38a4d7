//! The head of what goes back to the client: of a refusal, of bytes of our own, of GT's answer.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Extensions, HeaderMap, Response, StatusCode, Version, response};
use signalbox_http::head;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_http::restamp::{AnswerKind, Restamp, Stamp};

use crate::auth::secret::Secret;
use crate::header_map::retain;
use crate::request::header_values::FieldLines;
use crate::response::mask;

/// Turns a refusal into an answer.
pub(crate) fn refusal(refusal: &Refusal) -> Response<Bytes> {
    refusal_with(refusal, refusal.body().into())
}

/// The same where its body is written already.
pub(crate) fn refusal_with(refusal: &Refusal, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in refusal.headers() {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

/// An answer of ours in JSON.
pub(crate) fn json(body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

/// What becomes of GT's answer for the client.
#[derive(Debug)]
pub(crate) struct ClientAnswer {
    pub(crate) head: response::Parts,
    pub(crate) restamp: Restamp,
    /// Whether it is a stream of events.
    pub(crate) is_events: bool,
}

/// The head for the client and the way of the body, made of GT's head. `stamp` is the name the client
/// is to see; with it goes whether the tokens of the answer are counted.
///
/// # Errors
/// Where GT's answer is not the client's: it speaks of our credential, sends us elsewhere, or
/// cannot be restamped.
pub(crate) fn of_upstream(
    mut head: response::Parts,
    (stamp, is_counted): (Option<&Stamp>, bool),
    secret: &Secret,
) -> Result<ClientAnswer, Refusal> {
    check_status(head.status)?;
    let fields = AnswerFields::of(&head.headers);
    let encoding = fields.encoding();
    let kind = fields.kind();
    let status = head.status.as_u16();
    let restamp = match stamp {
        None if is_counted => Restamp::reading(kind, encoding.as_deref(), status),
        _ => Restamp::for_answer(kind, encoding.as_deref(), status, stamp)?,
    };
    let is_events = kind == AnswerKind::Events;
    for name in head::connection_names(&fields.connection.values()) {
        head.headers.remove(name);
    }
    // Comments and a last event may be added to a stream of events.
    let changed = restamp.changes_bytes() || is_events;
    retain(&mut head.headers, |name| {
        head::answer_header_passes(name.as_str(), changed)
    });
    if status >= 400 {
        check_readable(encoding.as_deref())?;
        keep_secret(&mut head.headers, secret);
    }
    // Its version and what its door has noted with it are of GT's connection.
    head.version = Version::default();
    head.extensions = Extensions::new();
    Ok(ClientAnswer {
        head,
        restamp,
        is_events,
    })
}

/// The lines of GT's headers that the gate itself looks at, found in one walk.
#[derive(Debug, Default)]
struct AnswerFields {
    connection: FieldLines,
    content_encoding: FieldLines,
    content_type: FieldLines,
}

impl AnswerFields {
    fn of(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let lines = match name.as_str() {
                "connection" => &mut fields.connection,
                "content-encoding" => &mut fields.content_encoding,
                "content-type" => &mut fields.content_type,
                _ => continue,
            };
            lines.add(value);
        }
        fields
    }

    /// All lines joined.
    fn encoding(&self) -> Option<String> {
        let lines = self.content_encoding.values();
        (!lines.is_empty()).then(|| String::from_utf8_lossy(&lines.join(&b", "[..])).into_owned())
    }

    /// What the first line says, if it is text.
    fn kind(&self) -> AnswerKind {
        let first = self.content_type.first();
        let first = first.and_then(|value| value.to_str().ok());
        first.map_or(AnswerKind::Other, AnswerKind::of)
    }
}

/// # Errors
/// For an error that is compressed: nobody could tell whether it quotes our GT key.
fn check_readable(encoding: Option<&str>) -> Result<(), Refusal> {
    match encoding.is_none_or(|it| it.trim().eq_ignore_ascii_case("identity")) {
        true => Ok(()),
        false => Err(compressed_error()),
    }
}

/// The refusal in place of an error that is compressed.
#[must_use]
pub fn compressed_error() -> Refusal {
    Refusal::new(
        Code::UpstreamProtocol,
        "GT answered with a compressed error, which cannot be looked through. Tell the operator.",
    )
}

/// Takes away the headers that quote our own GT key, and what is true of the bytes before the key in
/// them was masked.
fn keep_secret(headers: &mut HeaderMap, secret: &Secret) {
    let is_untrue = |name: &HeaderName| {
        name != header::CONTENT_LENGTH && !head::answer_header_passes(name.as_str(), true)
    };
    let quotes = |value: &HeaderValue| mask::is_in(value.as_bytes(), secret);
    let quoting = headers
        .iter()
        .filter(|(name, value)| is_untrue(name) || quotes(value));
    let quoting: Vec<HeaderName> = quoting.map(|(name, _)| name.clone()).collect();
    for name in quoting {
        headers.remove(name);
    }
}

/// # Errors
/// For a status that is not the client's.
pub fn check_status(status: StatusCode) -> Result<(), Refusal> {
    match status.as_u16() {
        401 | 403 => Err(Refusal::of(Code::UpstreamCredentialRejected)),
        304 => Ok(()),
        300..400 => Err(Refusal::of(Code::UpstreamRedirect)),
        200..600 => Ok(()),
        _ => Err(Refusal::of(Code::UpstreamProtocol)),
    }
}
