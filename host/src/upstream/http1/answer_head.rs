//! The head of an answer, out of the bytes that came.

use bytes::{Buf, Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version};
use signalbox_http::head;
use signalbox_http::http1::{
    BodyDecoder, BodyFraming, FieldSlots, HeadError, HeadScan, MAX_HEAD, ResponseFraming,
    ResponseHead, response_head,
};

use crate::header_names::header_name;

/// Where a field is in its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldSpan {
    name: Span,
    value: Span,
}

/// The heads of one answer as they come: any number of interim ones, and the answer's own.
#[derive(Debug)]
pub(super) struct AnswerHead {
    scan: HeadScan,
    /// An empty map, whose memory is used again.
    headers: HeaderMap,
    /// The request was a HEAD.
    to_head: bool,
}

/// An answer of which the head has come.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) response: Response<BodyDecoder>,
    pub(super) keeps_alive: bool,
}

/// The first byte and the length.
type Span = (usize, usize);

impl AnswerHead {
    /// Before the head of the answer to a request that had these headers.
    pub(super) fn new(mut headers: HeaderMap, to_head: bool) -> Self {
        headers.clear();
        Self {
            scan: HeadScan::new(MAX_HEAD),
            headers,
            to_head,
        }
    }

    /// Takes the head from the start of what has come; `None` if more has to come first. Interim
    /// answers are passed over.
    pub(super) fn take(
        &mut self,
        came: &mut BytesMut,
        spans: &mut Vec<FieldSpan>,
    ) -> Result<Option<Answered>, HeadError> {
        while self.scan.is_worth_reading(came) {
            let mut slots = FieldSlots::new();
            let Some(head) = response_head(came, &mut slots)? else {
                return Ok(None);
            };
            let (length, is_interim) = (head.length, head.is_interim());
            let framing = head.framing(self.to_head)?;
            if is_interim {
                came.advance(length);
                self.scan = HeadScan::new(MAX_HEAD);
                continue;
            }
            let (status, version) = (head.status, head.version);
            list(&head, came, spans);
            let bytes = came.split_to(length).freeze();
            return self
                .answered(&bytes, spans, status, version, framing)
                .map(Some);
        }
        Ok(None)
    }

    fn answered(
        &mut self,
        head: &Bytes,
        spans: &[FieldSpan],
        status: u16,
        version: head::Version,
        framing: ResponseFraming,
    ) -> Result<Answered, HeadError> {
        let mut response = Response::new(BodyDecoder::new(framing.body));
        *response.status_mut() = StatusCode::from_u16(status).map_err(|_| HeadError::FirstLine)?;
        *response.version_mut() = match version {
            head::Version::Http10 => Version::HTTP_10,
            _ => Version::HTTP_11,
        };
        let mut headers = std::mem::take(&mut self.headers);
        headers.reserve(spans.len());
        for span in spans {
            let (start, length) = span.name;
            let name = head.get(start..start + length).unwrap_or_default();
            let name = header_name(name).map_err(|_| HeadError::FieldName)?;
            let (start, length) = span.value;
            let value = HeaderValue::from_maybe_shared(head.slice(start..start + length));
            headers.append(name, value.map_err(|_| HeadError::FieldValue)?);
        }
        if framing.body == BodyFraming::Chunked {
            // It does not count, and whoever reads the answer next may go by it.
            headers.remove(CONTENT_LENGTH);
        }
        *response.headers_mut() = headers;
        Ok(Answered {
            response,
            // To what is older, a request would have to be written in another way.
            keeps_alive: framing.keeps_alive && version == head::Version::Http11,
        })
    }
}

/// Notes where the fields are: the bytes are given out as they are, without a copy of each.
fn list(head: &ResponseHead<'_, '_>, bytes: &[u8], spans: &mut Vec<FieldSpan>) {
    let start = bytes.as_ptr().addr();
    let span = |part: &[u8]| (part.as_ptr().addr().saturating_sub(start), part.len());
    spans.clear();
    spans.extend(head.fields.iter().map(|(name, value)| FieldSpan {
        name: span(name.as_bytes()),
        value: span(value),
    }));
}
