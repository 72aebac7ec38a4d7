//! The bytes under one client connection.
//!
//! hyper answers a head it cannot parse by itself, with an empty body. Here that answer becomes a
//! refusal like every other, and what the client is still sending is read for a moment, because a
//! socket closed over unread bytes takes the answer with it.

mod connection_state;
mod framing;
mod linger;
mod malformed_request;
mod socket;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use signalbox_gate::Peer;
use signalbox_http::refusal::Refusal;

pub(crate) use connection_state::{ConnectionState, Exchange};
pub(crate) use socket::{PeekableSocket, Socket};

use crate::server::shared::Shared;
use connection_state::Stage;
use linger::Linger;

/// A client's socket as hyper sees it.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TokioIo<PeekableSocket>,
    link: Rc<ConnectionState>,
    shared: Arc<Shared>,
    peer: Peer,
    closing: Closing,
    /// Our own answer to what is no request, as far as it is not written yet.
    own: Vec<u8>,
    /// Whether the last bytes hyper wrote were taken, all of them.
    is_written: bool,
}

#[derive(Debug)]
enum Closing {
    Open,
    ToLinger,
    Lingers(Linger),
}

impl Wire {
    pub(crate) fn new(
        socket: PeekableSocket,
        link: Rc<ConnectionState>,
        shared: &Arc<Shared>,
        peer: Peer,
    ) -> Self {
        Self {
            socket: TokioIo::new(socket),
            link,
            shared: Arc::clone(shared),
            peer,
            closing: Closing::Open,
            own: Vec::new(),
            is_written: true,
        }
    }

    /// Answers a head that does not end, if that can still be read as an answer.
    pub(crate) fn refuse_slow_head(&mut self) {
        if self.is_written && self.link.stage() == Stage::Idle {
            self.refuse(malformed_request::slow_head());
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.own = malformed_request::bytes(&self.shared, self.peer, refusal);
        self.closing = Closing::ToLinger;
    }

    /// Takes hyper's own answer to a bad head out of the stream and puts ours in its place.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        match self.link.stage() {
            Stage::Idle => {}
            Stage::Serving | Stage::Frames => return false,
            Stage::Answered => {
                self.link.moves_to(Stage::Idle);
                return false;
            }
        }
        let Some(refusal) = malformed_request::in_place_of(bytes) else {
            return false;
        };
        self.refuse(refusal);
        true
    }

    fn poll_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.own.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &self.own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.own.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.is_written = matches!(&written, Poll::Ready(Ok(length)) if *length == bytes.len());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        if let Some(bytes) = first
            && self.replaces(bytes)
        {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        let whole: usize = slices.iter().map(|slice| slice.len()).sum();
        self.is_written = matches!(&written, Poll::Ready(Ok(length)) if *length == whole);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(context))?;
        if let Closing::ToLinger = self.closing {
            // With TLS the answer may not have left yet.
            ready!(Pin::new(&mut self.socket).poll_flush(context))?;
            self.closing = Closing::Lingers(Linger::new());
        }
        let this = &mut *self;
        if let Closing::Lingers(linger) = &mut this.closing {
            ready!(linger.poll(this.socket.inner_mut(), context));
        }
        Pin::new(&mut this.socket).poll_shutdown(context)
    }
}
