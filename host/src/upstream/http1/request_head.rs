//! The head of a request as it is written.

use http::{HeaderMap, Request, header};
use http_body::Body;
use signalbox_http::http1;

use crate::upstream::body::RequestBody;

/// How the body of a request is framed: by what it is, whatever its head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestFraming {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    Chunked,
}

impl RequestFraming {
    pub(super) fn of(body: &RequestBody) -> Self {
        match body.size_hint().exact() {
            _ if body.is_end_stream() => Self::None,
            Some(length) => Self::Length(length),
            None => Self::Chunked,
        }
    }
}

/// Writes the head of `request`, whose body is framed so.
pub(super) fn encode<B>(out: &mut Vec<u8>, request: &Request<B>, framing: RequestFraming) {
    let target = request.uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    http1::request_line(out, request.method().as_str(), target);
    // Its place is first (RFC 9110, 7.2), and mostly it is there already.
    let mut headers = request.headers().iter();
    if let Some((name, host)) = headers.find(|(name, _)| **name == header::HOST) {
        http1::field(out, name.as_str(), host.as_bytes());
    }
    fields(out, request.headers());
    end(out, framing);
}

/// All fields but `host` and those that frame the body.
fn fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        let is_apart = *name == header::HOST
            || *name == header::CONTENT_LENGTH
            || *name == header::TRANSFER_ENCODING;
        if !is_apart {
            http1::field(out, name.as_str(), value.as_bytes());
        }
    }
}

/// What frames the body, and the end of the head.
fn end(out: &mut Vec<u8>, framing: RequestFraming) {
    match framing {
        RequestFraming::None => {}
        RequestFraming::Length(length) => http1::content_length(out, length),
        RequestFraming::Chunked => http1::field(out, "transfer-encoding", b"chunked"),
    }
    http1::end_of_head(out);
}
