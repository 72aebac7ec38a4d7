//! A connection with at most one request on it.

use std::fmt;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response};
use signalbox_http::http1::{BodyDecoder, FieldSlots, response_head};
use tokio::io::{AsyncReadExt as _, ReadBuf};

use super::answer_head::{AnswerHead, FieldSpan};
use super::buffers::{Buffers, READ, SpareBuffers};
use super::error::Http1Error;
use super::io::Io;
use super::outgoing::Outgoing;
use super::request_head::{self, RequestFraming};
use crate::upstream::body::RequestBody;
use crate::upstream::guards::Guards;

/// A connection with at most one request on it.
pub(super) struct Connection {
    io: Box<dyn Io>,
    outgoing: Outgoing,
    head: AnswerHead,
    /// What came and was not taken yet.
    read: BytesMut,
    fields: Vec<FieldSpan>,
    /// How much is read at a time.
    room: usize,
    /// Whether another request may follow.
    keeps_alive: bool,
    /// Why not all of the request was written.
    unsent: Option<Http1Error>,
    /// Who is to hear if the rest of the request cannot be sent.
    reader: Option<Waker>,
    spares: Rc<SpareBuffers>,
    _guards: Guards,
}

impl Connection {
    pub(super) fn new(io: Box<dyn Io>, guards: Guards, spares: Rc<SpareBuffers>) -> Self {
        Self {
            io,
            outgoing: Outgoing::nothing(),
            head: AnswerHead::new(HeaderMap::new(), false),
            read: BytesMut::new(),
            fields: Vec::new(),
            room: READ,
            keeps_alive: true,
            unsent: None,
            reader: None,
            spares,
            _guards: guards,
        }
    }

    /// Begins with a request, and takes its body and its headers. Nothing of it is written yet.
    pub(super) fn begin(&mut self, request: &mut Request<RequestBody>) {
        let Buffers { read, lead, fields } = self.spares.take();
        (self.read, self.outgoing.lead, self.fields) = (read, lead, fields);
        let framing = RequestFraming::of(request.body());
        request_head::encode(&mut self.outgoing.lead, request, framing);
        let body = std::mem::replace(request.body_mut(), RequestBody::Empty);
        let headers = std::mem::take(request.headers_mut());
        self.head = AnswerHead::new(headers, request.method() == Method::HEAD);
        self.outgoing.begin(body, framing);
        self.keeps_alive = false;
    }

    /// Whether something of the request is still to be written.
    pub(super) const fn is_sending(&self) -> bool {
        self.outgoing.is_sending()
    }

    /// Whether the answer was read to its end, and nothing after it.
    pub(super) fn is_reusable(&self) -> bool {
        self.keeps_alive && self.unsent.is_none() && self.read.is_empty()
    }

    /// Gives back what is only needed while there is a request.
    pub(super) fn release_buffers(&mut self) {
        if self.is_sending() {
            return;
        }
        let mut buffers = Buffers {
            read: std::mem::take(&mut self.read),
            lead: std::mem::take(&mut self.outgoing.lead),
            fields: std::mem::take(&mut self.fields),
        };
        if self.room == READ {
            self.spares.give(&mut buffers);
        }
        self.room = READ;
    }

    /// Whether nothing came of it, and nothing went wrong. Whatever comes where nothing was asked
    /// belongs to no request.
    pub(super) fn is_quiet(&mut self, context: &mut Context<'_>) -> bool {
        if self.is_sending() {
            self.reader = Some(context.waker().clone());
        }
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        self.is_reusable()
            && Pin::new(&mut *self.io)
                .poll_read(context, &mut byte)
                .is_pending()
    }

    pub(super) fn is_silent(&self) -> bool {
        self.io.is_silent()
    }

    /// Sends the request, and reads until the head of the answer is here, whichever is first.
    pub(super) fn poll_head(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<BodyDecoder>, Http1Error>> {
        // GT may have answered what it did not want to read.
        let _ = self.poll_send(context);
        if self.is_failed() {
            return Poll::Ready(Err(self.why(Http1Error::Unanswered)));
        }
        loop {
            let head = self.head.take(&mut self.read, &mut self.fields);
            if let Some(answered) = head.map_err(Http1Error::Head)? {
                self.keeps_alive = answered.keeps_alive;
                return Poll::Ready(Ok(answered.response));
            }
            match ready!(self.poll_read(context)) {
                Ok(0) => return Poll::Ready(Err(self.ended_early())),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(self.why(Http1Error::Read(error)))),
            }
        }
    }

    /// Sends on. Ready when all is sent, or nothing more will be.
    pub(super) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.outgoing.poll_send(&mut *self.io, context)) {
            self.outgoing.give_up();
            self.unsent = Some(error);
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(())
    }

    /// The next piece of the answer; `None` at its end.
    pub(super) fn poll_piece(
        &mut self,
        body: &mut BodyDecoder,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Http1Error>>> {
        if self.is_failed() {
            return Poll::Ready(Some(Err(self.why(Http1Error::Unanswered))));
        }
        while !body.is_done() {
            if self.read.is_empty() {
                let read = self.poll_read(context);
                if read.is_pending() && self.is_sending() {
                    self.reader = Some(context.waker().clone());
                }
                match ready!(read) {
                    Ok(0) => body.close().map_err(Http1Error::Body)?,
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Some(Err(Http1Error::Read(error)))),
                }
            }
            let piece = body.decode(&self.read).map_err(Http1Error::Body)?;
            self.read.advance(piece.before);
            let content = self.read.split_to(piece.content).freeze();
            self.read.advance(piece.after);
            if !content.is_empty() {
                return Poll::Ready(Some(Ok(content)));
            }
        }
        Poll::Ready(None)
    }

    /// Whether the request failed by its own fault: GT has a part of it that nothing will follow.
    const fn is_failed(&self) -> bool {
        matches!(
            self.unsent,
            Some(Http1Error::RequestBody(_) | Http1Error::RequestLength)
        )
    }

    /// Why there is no answer: because of what came first.
    fn why(&mut self, otherwise: Http1Error) -> Http1Error {
        self.unsent.take().unwrap_or(otherwise)
    }

    /// The stream ended before the head of the answer did.
    fn ended_early(&mut self) -> Http1Error {
        match response_head(&self.read, &mut FieldSlots::new()) {
            Err(error) => Http1Error::Head(error),
            Ok(_) => self.why(Http1Error::Unanswered),
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        if self.read.capacity() - self.read.len() < self.room / 2 {
            self.read.reserve(self.room);
        }
        let free = self.read.capacity() - self.read.len();
        let io = &mut *self.io;
        let reading = pin!(io.read_buf(&mut self.read));
        let read = ready!(reading.poll(context))?;
        // What comes faster than it is taken is taken in larger pieces.
        if read == free {
            self.room = MOST_READ.min(self.room * 2);
        }
        Poll::Ready(Ok(read))
    }
}

impl Drop for Connection {
    /// Says goodbye where that can be said at once: over TLS the other side takes a bare end for an
    /// accident.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut *self.io).poll_shutdown(&mut context);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("is_sending", &self.is_sending())
            .field("keeps_alive", &self.keeps_alive)
            .finish_non_exhaustive()
    }
}

/// The most that is read at a time: what a client does not take waits in here.
const MOST_READ: usize = 64 << 10;

#[cfg(test)]
impl Connection {
    /// The memory its buffers take.
    pub(super) fn buffered(&self) -> usize {
        self.read.capacity() + self.outgoing.lead.capacity() + self.fields.capacity()
    }
}
