//! The bytes of a connection of HTTP/1: heads and bodies that come, answers that go.
//!
//! Whoever serves the connection and whoever reads the body of its request share it. One of them reads
//! at a time: while a body comes, it is the body's reader, and the other hears when that has ended.

mod body;
mod input;
mod output;

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite as _;

use super::linger::Linger;
use super::socket::PeekableSocket;
use body::Body;
use input::{Input, Room};
pub(crate) use output::Output;

/// What serves a connection and the body of its request share.
pub(crate) type Shared = Rc<RefCell<Transport>>;

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) struct Transport {
    /// `None` once the connection is served no more.
    socket: Option<PeekableSocket>,
    input: Input,
    pub(crate) output: Output,
    is_flushed: bool,
    body: Body,
    /// How many bodies there were: a reader that is late reads nothing of the next.
    bodies: u64,
    /// Reads the body.
    reader: Option<Waker>,
    /// Serves the connection, and waits for the body's end.
    server: Option<Waker>,
}

impl Transport {
    pub(crate) fn new(socket: PeekableSocket, at_once: usize) -> Shared {
        Rc::new(RefCell::new(Self {
            socket: Some(socket),
            input: Input::new(at_once),
            output: Output::default(),
            is_flushed: true,
            body: Body::Ended,
            bodies: 0,
            reader: None,
            server: None,
        }))
    }

    /// What came and was not taken.
    pub(crate) const fn here(&self) -> &Bytes {
        self.input.here()
    }

    /// Takes so many bytes of it.
    pub(crate) fn take(&mut self, length: usize) -> Bytes {
        self.input.take(length)
    }

    /// Reads more of a head behind what is here. Whether there was any: none comes after the end.
    pub(crate) fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.poll_read(Room::Head, context)
    }

    fn poll_read(&mut self, room: Room, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Ok(false));
        };
        let read = ready!(self.input.poll_read(socket, room, context))?;
        Poll::Ready(Ok(read > 0))
    }

    /// Ready once the client has gone. Of what it sends meanwhile the beginning is kept.
    ///
    /// While a body comes, its reader notices; where one was let go of, nobody does.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_body_end(context));
        while self.is_at_a_head() && self.input.here().is_empty() {
            match ready!(self.poll_read(Room::Any, context)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// Writes all there is to write.
    pub(crate) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if !self.output.is_empty() {
            self.is_flushed = false;
            ready!(self.output.poll_write(socket, context))?;
        }
        if !self.is_flushed {
            // With TLS it may not have left yet.
            ready!(Pin::new(socket).poll_flush(context))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the connection: reads on for a while first if `lingers` says so.
    pub(crate) fn poll_close(
        &mut self,
        lingers: &mut Option<Linger>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write(context))?;
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Ok(()));
        };
        if let Some(linger) = lingers {
            ready!(linger.poll(&mut *socket, context));
        }
        Pin::new(socket).poll_shutdown(context)
    }

    /// The connection is served no more: whoever reads the body hears of it.
    pub(crate) fn end(&mut self) {
        self.socket = None;
        if let Body::Comes { .. } = self.body {
            self.body = Body::Lost;
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
