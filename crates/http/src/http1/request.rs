//! The head of a request, and what it says of what follows (RFC 9112, sections 3, 6 and 9).
//!
//! What hyper's server refuses is refused, and what it takes is read as it reads it: the gate looks at
//! the fields themselves, and refuses more of them in words.

use httparse::{ParserConfig, Request, Status};

use super::error::HeadError;
use super::framing::{BodyFraming, ConnectionOptions};
use super::head::{FieldSlots, Fields, version};
use crate::head::{Version, whole_number};

/// The head of a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'s, 'b> {
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// A token.
    pub method: &'b str,
    /// What it asks for, as it was written.
    pub target: &'b str,
    /// The fields.
    pub fields: Fields<'s, 'b>,
    /// How many bytes the head has, with the empty lines before it. What follows is the body, or the
    /// next head.
    pub length: usize,
}

/// What the head of a request says of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestFraming {
    /// Where its body ends: after a length, or with the last chunk.
    pub body: BodyFraming,
    /// There is a length beside the chunks: a hop before us may have gone by it.
    pub is_framed_twice: bool,
    /// Whether the connection can have another request after it.
    pub keeps_alive: bool,
    /// Whether its client waits for a 100 before it sends the body.
    pub expects_continue: bool,
}

/// Reads the head of a request of at most so many bytes at the start of `bytes`; `None` if not all of
/// it is there.
///
/// # Errors
/// What is there can be no head, or is longer than it may be.
pub fn request_head<'s, 'b>(
    bytes: &'b [u8],
    largest: usize,
    slots: &'s mut FieldSlots<'b>,
) -> Result<Option<RequestHead<'s, 'b>>, HeadError> {
    let mut request = Request::new(&mut []);
    let parsed = ParserConfig::default().parse_request_with_uninit_headers(
        &mut request,
        bytes,
        slots.as_uninit(),
    );
    let length = match parsed? {
        Status::Complete(length) if length <= largest => length,
        Status::Partial if bytes.len() < largest => return Ok(None),
        Status::Complete(_) | Status::Partial => return Err(HeadError::TooLarge),
    };
    Ok(Some(RequestHead {
        version: version(request.version),
        method: request.method.unwrap_or_default(),
        target: request.path.unwrap_or_default(),
        fields: Fields::new(request.headers),
        length,
    }))
}

impl RequestHead<'_, '_> {
    /// Where the body ends, and the connection.
    ///
    /// # Errors
    /// The fields do not say it.
    pub fn framing(&self) -> Result<RequestFraming, HeadError> {
        let mut found = Found::default();
        for (name, value) in self.fields.iter() {
            // By its length: few fields are looked at more closely.
            match name.len() {
                6 if name.eq_ignore_ascii_case("expect") => {
                    found.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
                }
                10 if name.eq_ignore_ascii_case("connection") => found.connection.add(value),
                14 if name.eq_ignore_ascii_case("content-length") => found.length(value)?,
                17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                    found.is_chunked = Some(ends_with_chunked(value));
                }
                _ => {}
            }
        }
        let is_http11 = self.version == Version::Http11;
        let body = match found.is_chunked {
            Some(is_chunked) if !is_chunked || !is_http11 => {
                return Err(HeadError::TransferEncoding);
            }
            Some(_) => BodyFraming::Chunked,
            None => BodyFraming::Length(found.length.unwrap_or_default()),
        };
        let is_framed_twice = found.is_chunked.is_some() && found.has_length;
        let has_body = body != BodyFraming::Length(0);
        Ok(RequestFraming {
            body,
            is_framed_twice,
            keeps_alive: !is_framed_twice && found.connection.keeps_alive(self.version),
            expects_continue: found.expects_continue && has_body && is_http11,
        })
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Found {
    length: Option<u64>,
    has_length: bool,
    /// Whether chunks come last, if there is any coding.
    is_chunked: Option<bool>,
    connection: ConnectionOptions,
    expects_continue: bool,
}

impl Found {
    /// The same length may be said more than once. Beside chunks it says nothing.
    fn length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        self.has_length = true;
        if self.is_chunked.is_some() {
            return Ok(());
        }
        let length = whole_number(value).ok_or(HeadError::Length)?;
        if length > MAX_LENGTH {
            return Err(HeadError::TooLarge);
        }
        match self.length.replace(length) {
            Some(before) if before != length => Err(HeadError::Length),
            _ => Ok(()),
        }
    }
}

/// Whether the last coding of a field is `chunked`.
fn ends_with_chunked(value: &[u8]) -> bool {
    let last = value.rsplit(|byte| *byte == b',').next();
    let is_chunked = |last: &[u8]| last.trim_ascii().eq_ignore_ascii_case(b"chunked");
    // Others read nothing of a value that is not ASCII.
    value.is_ascii() && last.is_some_and(is_chunked)
}

/// No body is longer. hyper has the numbers beyond it for other things.
const MAX_LENGTH: u64 = u64::MAX - 2;
