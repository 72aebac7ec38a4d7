//! The body of a client's request, in the version its connection speaks.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};

use crate::listener::client_io::Http1Body;

/// The body of a client's request as it comes.
#[derive(Debug)]
pub(crate) enum IncomingBody {
    Http1(Http1Body),
    Http2(Http2Body),
}

/// The body of a stream. What is read of it the client may send anew.
#[derive(Debug)]
pub(crate) struct Http2Body {
    stream: RecvStream,
    /// What still comes, if the head says how much.
    left: Option<u64>,
    /// The last of what the head says, until the stream ends there: what goes on after that, or is
    /// taken back, is no whole body.
    last: Option<Bytes>,
}

impl Http2Body {
    /// The body of a request with this head. h2 resets a stream that sends less or more than its
    /// head says.
    pub(crate) fn new(stream: RecvStream, headers: &HeaderMap) -> Self {
        let left = if stream.is_end_stream() {
            Some(0)
        } else {
            declared(headers)
        };
        Self {
            stream,
            left,
            last: None,
        }
    }
}

/// The one length a head declares; `None` if it has none, or two.
fn declared(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lengths.next()?;
    let is_one = lengths.all(|other| other == first);
    let digits = first.to_str().ok().filter(|_| is_one)?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Http1(body) => {
                let next = ready!(body.poll_data(context));
                Poll::Ready(next.map(|data| data.map(Frame::data)))
            }
            Self::Http2(body) => {
                let next = ready!(body.poll_data(context));
                Poll::Ready(next.map(|data| data.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1(body) => body.has_ended(),
            Self::Http2(body) => body.last.is_none() && body.stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body
                .left()
                .map_or_else(SizeHint::default, SizeHint::with_exact),
            Self::Http2(body) => body
                .left
                .map(|left| left + body.last.as_ref().map_or(0, Bytes::len) as u64)
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Http2Body {
    /// Trailers are headers nobody allowed: they stay with h2.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(data) = ready!(self.stream.poll_data(context)) else {
                return Poll::Ready(self.last.take().map(Ok));
            };
            let data = match data.and_then(|data| self.reads(data)) {
                Ok(data) => data,
                Err(error) => {
                    self.last = None;
                    return Poll::Ready(Some(Err(io::Error::other(error))));
                }
            };
            let is_last = self.left == Some(0) && !self.stream.is_end_stream();
            match (is_last, &self.last) {
                (true, None) => self.last = Some(data),
                // It goes on with nothing.
                (_, Some(_)) => {}
                (false, None) => return Poll::Ready(Some(Ok(data))),
            }
            if self.stream.is_end_stream() {
                return Poll::Ready(self.last.take().map(Ok));
            }
        }
    }

    /// The client may send as much anew.
    fn reads(&mut self, data: Bytes) -> Result<Bytes, h2::Error> {
        self.stream.flow_control().release_capacity(data.len())?;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(data.len() as u64);
        }
        Ok(data)
    }
}
