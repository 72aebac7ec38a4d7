//! An answer as bytes: its head, and how its body is framed.

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use signalbox_http::http1::{
    self, CHUNK_END, LAST_CHUNK, LAST_CHUNK_AFTER_CONTENT, RequestFraming,
};

use crate::listener::client_io::Output;
use crate::listener::connection::date;

/// What a request says of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    is_http10: bool,
    is_head: bool,
    /// Whether its connection may have another request.
    keeps_alive: bool,
}

/// How long a body is, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// There is none.
    Nothing,
    Known(u64),
    Unknown,
}

/// Frames the body of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framer {
    framing: Framing,
    /// Whether its connection goes on after it.
    pub(super) keeps_alive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes still come.
    Length(u64),
    Chunked,
    UntilClose,
}

/// Less of the body came than its head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooShort;

impl Asked {
    /// What came was no request: its answer is the last.
    pub(super) const NOTHING: Self = Self {
        is_http10: false,
        is_head: false,
        keeps_alive: false,
    };

    pub(super) fn by(method: &Method, version: Version, framing: RequestFraming) -> Self {
        Self {
            is_http10: version == Version::HTTP_10,
            is_head: *method == Method::HEAD,
            keeps_alive: framing.keeps_alive,
        }
    }

    /// Writes the head of the answer; `is_last` says that the connection ends with it in any case.
    pub(super) fn write_head(
        self,
        head: &Parts,
        length: Length,
        is_last: bool,
        out: &mut Vec<u8>,
    ) -> Framer {
        let headers = &head.headers;
        let says_close = says_close(headers);
        let mut keeps_alive = self.keeps_alive && !is_last && !says_close;
        let framing = self.framing(head.status, length, headers);
        keeps_alive &= framing != Framing::UntilClose;
        let reason = head.status.canonical_reason().unwrap_or("<none>");
        http1::status_line(out, u8::from(!self.is_http10), head.status.as_u16(), reason);
        for (name, value) in headers {
            if !LEFT_OUT.contains(name) {
                http1::field(out, name.as_str(), value.as_bytes());
            }
        }
        match (self.is_http10, keeps_alive) {
            (false, false) if !says_close => http1::field(out, "connection", b"close"),
            (true, true) => http1::field(out, "connection", b"keep-alive"),
            _ => {}
        }
        self.write_length(head.status, framing, headers, out);
        if !headers.contains_key(header::DATE)
            && let Some(date) = date::now()
        {
            http1::field(out, "date", date.as_bytes());
        }
        http1::end_of_head(out);
        let framing = match has_body(head.status) && !self.is_head {
            true => framing,
            false => Framing::Length(0),
        };
        Framer {
            framing,
            keeps_alive,
        }
    }

    /// How the body is framed, before what has none is taken into account.
    fn framing(self, status: StatusCode, length: Length, headers: &HeaderMap) -> Framing {
        match length {
            Length::Nothing => Framing::Length(0),
            Length::Known(length) => Framing::Length(length),
            Length::Unknown => match said_length(headers) {
                Some((_, length)) => Framing::Length(length),
                None if !has_body(status) || self.is_head => Framing::Length(0),
                None if self.is_http10 => Framing::UntilClose,
                None => Framing::Chunked,
            },
        }
    }

    fn write_length(
        self,
        status: StatusCode,
        framing: Framing,
        headers: &HeaderMap,
        out: &mut Vec<u8>,
    ) {
        match framing {
            Framing::Length(0) if self.is_head => {
                // Of what a GET would have had.
                if let Some((said, _)) = said_length(headers) {
                    http1::field(out, "content-length", said.as_bytes());
                }
            }
            _ if !has_body(status) => {}
            Framing::Chunked => http1::field(out, "transfer-encoding", b"chunked"),
            Framing::Length(length) => http1::content_length(out, length),
            Framing::UntilClose => {}
        }
    }
}

impl Framer {
    /// Whether nothing more of the body goes out.
    pub(super) const fn is_full(&self) -> bool {
        matches!(self.framing, Framing::Length(0))
    }

    /// Puts a piece of the body behind what goes out.
    pub(super) fn put(&mut self, mut piece: Bytes, output: &mut Output) {
        if piece.is_empty() {
            return;
        }
        match &mut self.framing {
            Framing::Length(left) => {
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
                output.put(piece, b"");
            }
            Framing::Chunked => {
                http1::chunk_size(output.buffer(), piece.len());
                output.put(piece, CHUNK_END);
            }
            Framing::UntilClose => output.put(piece, b""),
        }
    }

    /// Ends the body.
    pub(super) fn end(&mut self, output: &mut Output) -> Result<(), TooShort> {
        match std::mem::replace(&mut self.framing, Framing::Length(0)) {
            Framing::Length(0) | Framing::UntilClose => Ok(()),
            Framing::Length(_) => Err(TooShort),
            Framing::Chunked => {
                output.end(CHUNK_END, LAST_CHUNK, LAST_CHUNK_AFTER_CONTENT);
                Ok(())
            }
        }
    }
}

/// The one length that a head says, in digits alone: others may read any other in another way.
fn said_length(headers: &HeaderMap) -> Option<(&HeaderValue, u64)> {
    let mut said = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = said.next().filter(|_| said.next().is_none())?;
    let digits = first.to_str().ok()?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain
        .then(|| digits.parse().ok())
        .flatten()
        .map(|length| (first, length))
}

fn says_close(headers: &HeaderMap) -> bool {
    let mut options = headers.get_all(header::CONNECTION).iter();
    options.any(|value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn has_body(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// What is written by itself, or never.
const LEFT_OUT: [header::HeaderName; 3] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
];
