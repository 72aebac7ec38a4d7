//! The head of what goes back to the client: of a refusal, of bytes of our own, of GT's answer.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode, response};
use signalbox_http::head;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_http::restamp::Restamp;

use crate::auth::secret::Secret;
use crate::header_map::retain;
use crate::request::header_values::{text, values};
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

/// The head for the client and the way of the body, made of GT's head.
///
/// # Errors
/// Where GT's answer is not the client's: it speaks of our credential, sends us elsewhere, or
/// cannot be restamped.
pub(crate) fn of_upstream(
    answer: response::Parts,
    stamp: Option<&str>,
    secret: &Secret,
) -> Result<ClientAnswer, Refusal> {
    let response::Parts {
        status,
        mut headers,
        ..
    } = answer;
    check_status(status)?;
    let encodings = values(&headers, header::CONTENT_ENCODING);
    let encoding = (!encodings.is_empty())
        .then(|| String::from_utf8_lossy(&encodings.join(&b", "[..])).into_owned());
    let content_type = text(&headers, &header::CONTENT_TYPE);
    let restamp = Restamp::for_answer(content_type, encoding.as_deref(), status.as_u16(), stamp)?;
    let is_events = content_type.is_some_and(is_event_stream);
    // Comments and a last event may be added to a stream of events.
    keep_clients(&mut headers, restamp.changes_bytes() || is_events);
    if status.as_u16() >= 400 {
        check_readable(encoding.as_deref())?;
        keep_secret(&mut headers, secret);
    }
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    head.headers = headers;
    Ok(ClientAnswer {
        head,
        restamp,
        is_events,
    })
}

/// # Errors
/// For an error that is compressed: nobody could tell whether it quotes our GT key.
fn check_readable(encoding: Option<&str>) -> Result<(), Refusal> {
    match encoding.is_none_or(|it| it.trim().eq_ignore_ascii_case("identity")) {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::UpstreamProtocol,
            "GT answered with a compressed error, which cannot be looked through. Tell the operator.",
        )),
    }
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

/// Whether a `content-type` says that an answer is a stream of events.
fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/event-stream")
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

/// Takes away the headers that are not the client's.
fn keep_clients(headers: &mut HeaderMap, changed: bool) {
    take_away_connections(headers);
    retain(headers, |name| {
        head::answer_header_passes(name.as_str(), changed)
    });
}

/// Takes away what `connection` names.
fn take_away_connections(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::CONNECTION).iter();
    let lines: Vec<HeaderValue> = lines.cloned().collect();
    let lines: Vec<&[u8]> = lines.iter().map(HeaderValue::as_bytes).collect();
    for name in head::connection_names(&lines) {
        headers.remove(name);
    }
}
