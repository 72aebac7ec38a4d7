//! A request out of the bytes of its head.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};
use signalbox_gate::Framed;
use signalbox_http::head;
use signalbox_http::http1::{
    BodyFraming, FieldSlots, HeadError, RequestFraming, RequestHead, request_head,
};

use crate::header_names::header_name;

/// A request whose body is still to come.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request<()>,
    pub(super) framing: RequestFraming,
    /// How many bytes it took.
    pub(super) length: usize,
}

/// The head at the start of these bytes, if all of it is there. Its texts are parts of them.
pub(super) fn read(bytes: &Bytes, largest: usize) -> Result<Option<Head>, HeadError> {
    let mut slots = FieldSlots::new();
    let Some(head) = request_head(bytes, largest, &mut slots)? else {
        return Ok(None);
    };
    if head.target.len() > LONGEST_TARGET {
        return Err(HeadError::TooLarge);
    }
    let framing = head.framing()?;
    let mut request = Request::new(());
    *request.method_mut() =
        Method::from_bytes(head.method.as_bytes()).map_err(|_error| HeadError::FirstLine)?;
    let target = bytes.slice_ref(head.target.as_bytes());
    *request.uri_mut() = Uri::from_maybe_shared(target).map_err(|_error| HeadError::FirstLine)?;
    *request.version_mut() = match head.version {
        head::Version::Http10 => Version::HTTP_10,
        head::Version::Http11 | head::Version::Http2 => Version::HTTP_11,
    };
    *request.headers_mut() = headers(bytes, &head, framing)?;
    if framing.is_framed_twice {
        request.extensions_mut().insert(Framed::Twice);
    }
    Ok(Some(Head {
        request,
        framing,
        length: head.length,
    }))
}

/// The fields. A length that is said again, or beside chunks, is left out: see [`RequestFraming`].
fn headers(
    bytes: &Bytes,
    head: &RequestHead<'_, '_>,
    framing: RequestFraming,
) -> Result<HeaderMap, HeadError> {
    let mut headers = HeaderMap::with_capacity(head.fields.count() + ADDED);
    for (name, value) in head.fields.iter() {
        let name = header_name(name.as_bytes()).map_err(|_error| HeadError::FieldName)?;
        let is_length = name == header::CONTENT_LENGTH;
        if is_length && (framing.body == BodyFraming::Chunked || headers.contains_key(&name)) {
            continue;
        }
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(value))
            .map_err(|_error| HeadError::FieldValue)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Headers that are added on the way to GT and back, in the same map: room for most.
const ADDED: usize = 4;
/// What an `Uri` can hold.
const LONGEST_TARGET: usize = (u16::MAX - 1) as usize;
