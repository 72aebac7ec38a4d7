//! A client's socket, with TLS or without, and what was read of it before its version was known.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::ConnectionState;

/// A client's socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A client's socket whose bytes are looked at as they are read.
#[derive(Debug)]
pub(crate) struct PeekableSocket {
    socket: Socket,
    link: Rc<ConnectionState>,
    /// Read already, and not yet by who serves it.
    ahead: Vec<u8>,
}

impl PeekableSocket {
    pub(crate) fn new(socket: Socket, link: Rc<ConnectionState>) -> Self {
        Self {
            socket,
            link,
            ahead: Vec::new(),
        }
    }

    /// What was read ahead.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Reads some bytes ahead. Whether there were any: none come after the end.
    pub(crate) fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut piece = [0; AHEAD];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
        self.ahead.extend_from_slice(buffer.filled());
        if !buffer.filled().is_empty() {
            self.link.heard();
        }
        Poll::Ready(Ok(!buffer.filled().is_empty()))
    }

    /// HTTP/2 of a client that has shown no key is read a little at a time, and only while it takes its
    /// answers: streams without a key are then answered before the next are opened, and h2, which
    /// never gives the room of a stream back before its connection ends, needs room for few.
    fn poll_little(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.link.withholds() {
            return Poll::Pending;
        }
        let most = buffer.remaining().min(LITTLE);
        if !self.ahead.is_empty() {
            self.read_ahead(most, buffer);
            self.link.read_little();
            return Poll::Ready(Ok(()));
        }
        let mut piece = [0; LITTLE];
        let mut little = ReadBuf::new(piece.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut little))?;
        buffer.put_slice(little.filled());
        self.link.read_little();
        Poll::Ready(Ok(()))
    }

    /// Gives on up to so many bytes that were read ahead.
    fn read_ahead(&mut self, most: usize, buffer: &mut ReadBuf<'_>) {
        let length = self.ahead.len().min(most);
        buffer.put_slice(self.ahead.get(..length).unwrap_or_default());
        self.ahead.drain(..length);
        if self.ahead.is_empty() {
            self.ahead = Vec::new();
        }
    }

    /// Whether the client takes bytes shows when they are written, and with TLS, which writes into a
    /// buffer of its own, when that is flushed.
    fn note(&self, is_blocked: bool, is_flush: bool) {
        let is_tls = matches!(self.socket, Socket::Tls(_));
        if is_blocked || is_flush == is_tls {
            self.link.wrote(is_blocked);
        }
    }
}

impl AsyncRead for PeekableSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.link.is_unknown() {
            ready!(this.poll_little(context, buffer))?;
        } else if this.ahead.is_empty() {
            ready!(Pin::new(&mut this.socket).poll_read(context, buffer))?;
        } else {
            this.read_ahead(buffer.remaining(), buffer);
        }
        this.link.heard();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PeekableSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.note(written.is_pending(), false);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.note(flushed.is_pending(), true);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.note(written.is_pending(), false);
        written
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Tls(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Tls(socket) => Pin::new(socket).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(context),
            Self::Tls(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Tls(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Self::Tls(socket) => Pin::new(socket).poll_write_vectored(context, slices),
        }
    }
}

/// A request of a chat that fits comes whole, so that nothing is read twice for it.
const AHEAD: usize = 8 << 10;
/// Few of the smallest heads; a head of any size comes in some more turns.
const LITTLE: usize = 64;
