//! What a client is sent: a head and small pieces in one buffer, and a large one as it is.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite;

/// Bytes on their way out, in this order.
#[derive(Debug, Default)]
pub(crate) struct Output {
    first: Vec<u8>,
    /// So many of the first are written.
    written: usize,
    piece: Bytes,
    last: &'static [u8],
}

impl Output {
    /// Whether more may be put behind what is here.
    pub(crate) fn has_room(&self) -> bool {
        self.piece.is_empty() && self.last.is_empty() && self.first.len() < FULL
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.written == self.first.len() && self.piece.is_empty() && self.last.is_empty()
    }

    /// Where heads are written.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.first
    }

    /// Puts a piece, and what comes after it, behind what is here.
    pub(crate) fn put(&mut self, piece: Bytes, after: &'static [u8]) {
        if piece.len() <= SMALL {
            self.first.extend_from_slice(&piece);
            self.first.extend_from_slice(after);
        } else {
            (self.piece, self.last) = (piece, after);
        }
    }

    /// What comes at the end of all, where `before` has come last so far.
    pub(crate) fn end(&mut self, before: &'static [u8], end: &'static [u8], both: &'static [u8]) {
        if self.piece.is_empty() && self.last.is_empty() {
            self.first.extend_from_slice(end);
        } else if self.last == before {
            self.last = both;
        }
    }

    /// Writes all of it.
    pub(super) fn poll_write(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let first = self.first.get(self.written..).unwrap_or_default();
            let written = if self.piece.is_empty() && self.last.is_empty() {
                ready!(Pin::new(&mut *socket).poll_write(context, first))?
            } else {
                let slices = [first, &self.piece, self.last].map(IoSlice::new);
                ready!(Pin::new(&mut *socket).poll_write_vectored(context, &slices))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        self.first.clear();
        self.first.shrink_to(FULL);
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Takes all of it, as if it were written.
    #[cfg(test)]
    pub(crate) fn take(&mut self, written: &mut Vec<u8>) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(self.poll_write(written, &mut context).is_ready());
    }

    fn advance(&mut self, written: usize) {
        let of_first = written.min(self.first.len() - self.written);
        self.written += of_first;
        let of_piece = (written - of_first).min(self.piece.len());
        drop(self.piece.split_to(of_piece));
        let of_last = written - of_first - of_piece;
        self.last = self.last.get(of_last..).unwrap_or_default();
    }
}

/// What is copied rather than written from where it is.
const SMALL: usize = 4 << 10;
/// What is put together of small pieces before they are written.
const FULL: usize = 16 << 10;
