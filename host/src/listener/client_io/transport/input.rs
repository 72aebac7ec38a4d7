//! What a client sent and nobody has taken yet.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes that were read, in one piece, and room for the next.
#[derive(Debug)]
pub(super) struct Input {
    here: Bytes,
    room: BytesMut,
    /// How much of a body is read at once: more while as much comes, less again when it does not.
    at_once: usize,
    largest: usize,
}

impl Input {
    /// Reads at most `largest` bytes of a body at once.
    pub(super) fn new(largest: usize) -> Self {
        Self {
            here: Bytes::new(),
            room: BytesMut::new(),
            at_once: SMALLEST,
            largest: largest.max(SMALLEST),
        }
    }

    pub(super) const fn here(&self) -> &Bytes {
        &self.here
    }

    /// Takes so many bytes off the front.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        self.here.split_to(length.min(self.here.len()))
    }

    /// Reads some more behind what is here, into this much room or more. How many: none come after
    /// the end.
    pub(super) fn poll_read(
        &mut self,
        socket: &mut (impl AsyncRead + Unpin),
        room: Room,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if !self.here.is_empty() {
            self.put_back();
        }
        let free = self.room.capacity() - self.room.len();
        let wanted = match room {
            Room::Any if free > 0 => 0,
            Room::Any | Room::Head => SMALLEST,
            Room::Body => self.at_once,
        };
        if free < wanted {
            self.room.reserve(wanted);
        }
        let read = pin!(socket.read_buf(&mut self.room)).poll(context);
        if !self.room.is_empty() {
            self.here = self.room.split().freeze();
        }
        let read = ready!(read)?;
        if room != Room::Body {
            return Poll::Ready(Ok(read));
        }
        if read >= self.at_once {
            self.at_once = (self.at_once * 2).min(self.largest);
        } else if read < self.at_once / 2 {
            self.at_once = (self.at_once / 2).max(SMALLEST);
        }
        Poll::Ready(Ok(read))
    }

    /// What is here stands where more of it can be read, which costs a copy only if somebody holds
    /// a part of it.
    fn put_back(&mut self) {
        // Both are parts of one memory.
        self.room = BytesMut::new();
        match std::mem::take(&mut self.here).try_into_mut() {
            Ok(here) => self.room = here,
            Err(here) => {
                let mut room = BytesMut::with_capacity(here.len() + SMALLEST);
                room.extend_from_slice(&here);
                self.room = room;
            }
        }
    }
}

/// How much room there has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Whatever is free: hardly anything is expected, and the memory before it is in use.
    Any,
    /// For a head, or a small request: who sends many of them gets no more memory by that.
    Head,
    /// As much as came of bodies lately.
    Body,
}

/// A request of a chat comes whole.
const SMALLEST: usize = 8 << 10;
