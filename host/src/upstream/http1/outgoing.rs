//! A request on its way out: its head and what of its body is here in one write, then a piece at a
//! time. After a large piece the next one is asked for when it is written.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;
use signalbox_http::http1::{CHUNK_END, LAST_CHUNK, LAST_CHUNK_AFTER_CONTENT, chunk_size};

use super::buffers::READ;
use super::error::Http1Error;
use super::io::Io;
use super::request_head::RequestFraming;
use crate::upstream::body::RequestBody;

/// What of a request is still to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The head, small pieces with what frames them, and the line before a chunk.
    pub(super) lead: Vec<u8>,
    /// A piece that is too large to be copied.
    content: Bytes,
    /// What frames it.
    tail: &'static [u8],
    /// Of all three.
    written: usize,
    /// `None` once all of it was taken.
    body: Option<RequestBody>,
    framing: RequestFraming,
    /// Something was written that may still be held back.
    is_dirty: bool,
}

impl Outgoing {
    pub(super) const fn nothing() -> Self {
        Self {
            lead: Vec::new(),
            content: Bytes::new(),
            tail: &[],
            written: 0,
            body: None,
            framing: RequestFraming::None,
            is_dirty: false,
        }
    }

    /// Begins with a request whose head is in `lead`.
    pub(super) fn begin(&mut self, body: RequestBody, framing: RequestFraming) {
        self.framing = framing;
        self.body = (framing != RequestFraming::None).then_some(body);
        self.is_dirty = true;
    }

    /// Whether something is still to be written.
    pub(super) const fn is_sending(&self) -> bool {
        self.is_dirty || self.body.is_some()
    }

    /// Nobody takes the rest.
    pub(super) fn give_up(&mut self) {
        self.body = None;
        self.is_dirty = false;
        self.all_written();
    }

    /// Writes until all is written, or nothing more can be for now.
    pub(super) fn poll_send(
        &mut self,
        io: &mut dyn Io,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Http1Error>> {
        while self.is_sending() {
            let taken = self.poll_take(context)?;
            ready!(self.poll_write(io, context)).map_err(Http1Error::Write)?;
            ready!(taken);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes pieces of the body until one is large, or as many as one write is worth are here.
    fn poll_take(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Http1Error>> {
        while self.content.is_empty() && self.lead.len() < READ {
            let Some(body) = &mut self.body else {
                break;
            };
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    // Trailers are headers nobody allowed.
                    let piece = frame.into_data().unwrap_or_default();
                    self.takes(piece)?;
                }
                Some(Err(failure)) => return Poll::Ready(Err(Http1Error::RequestBody(failure))),
                None => self.ends()?,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn takes(&mut self, piece: Bytes) -> Result<(), Http1Error> {
        if piece.is_empty() {
            return Ok(());
        }
        let mut tail: &'static [u8] = &[];
        match &mut self.framing {
            RequestFraming::None => return Err(Http1Error::RequestLength),
            RequestFraming::Length(left) => {
                let rest = left.checked_sub(piece.len() as u64);
                *left = rest.ok_or(Http1Error::RequestLength)?;
                if *left == 0 {
                    self.body = None;
                }
            }
            RequestFraming::Chunked => {
                chunk_size(&mut self.lead, piece.len());
                tail = CHUNK_END;
                if self.body.as_ref().is_none_or(Body::is_end_stream) {
                    self.body = None;
                    tail = LAST_CHUNK_AFTER_CONTENT;
                }
            }
        }
        self.is_dirty = true;
        if piece.len() <= SMALL {
            self.lead.extend_from_slice(&piece);
            self.lead.extend_from_slice(tail);
        } else {
            (self.content, self.tail) = (piece, tail);
        }
        Ok(())
    }

    fn ends(&mut self) -> Result<(), Http1Error> {
        self.body = None;
        match self.framing {
            RequestFraming::Length(left) if left > 0 => return Err(Http1Error::RequestLength),
            RequestFraming::None | RequestFraming::Length(_) => {}
            RequestFraming::Chunked => {
                self.lead.extend_from_slice(LAST_CHUNK);
                self.is_dirty = true;
            }
        }
        Ok(())
    }

    fn poll_write(&mut self, io: &mut dyn Io, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let length = self.lead.len() + self.content.len() + self.tail.len();
        while self.written < length {
            let mut parts = [&*self.lead, &*self.content, self.tail].map(IoSlice::new);
            let mut rest = &mut parts[..];
            IoSlice::advance_slices(&mut rest, self.written);
            match ready!(Pin::new(&mut *io).poll_write_vectored(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.all_written();
        if self.is_dirty {
            ready!(Pin::new(&mut *io).poll_flush(context))?;
            self.is_dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    fn all_written(&mut self) {
        self.lead.clear();
        self.content = Bytes::new();
        self.tail = &[];
        self.written = 0;
    }
}

/// A copy of so much costs less than a write of its own.
const SMALL: usize = 2 << 10;
