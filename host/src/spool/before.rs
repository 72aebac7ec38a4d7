//! Bytes on their way to GT that are all here: in memory, in a file, or some of each.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{PIECE, Rooms};
use crate::budget::Reservation;

/// Bytes that are all here, in a few parts so that none is copied. They are a body, or go before
/// the rest of one.
#[derive(Debug, Default)]
pub(crate) struct Before {
    parts: VecDeque<Part>,
    left: u64,
    /// Given back as soon as nothing is held any more: the rest of the body may take hours.
    held: Held,
}

/// What the bytes were taken from.
#[derive(Debug, Default)]
enum Held {
    /// Shared with the same bytes kept for a second try.
    Memory(Rc<Reservation>),
    #[default]
    Nothing,
    Spool(#[expect(dead_code, reason = "given back when it is dropped")] Rooms),
}

#[derive(Debug)]
enum Part {
    Bytes(Bytes),
    File(Reading),
}

/// A file that is read from its start.
#[derive(Debug)]
struct Reading {
    left: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    AtStart(File),
    Between(File),
    Under(JoinHandle<io::Result<(File, Bytes)>>),
    Failed,
}

impl Before {
    /// Bytes in memory, and what they were taken from.
    pub(crate) fn of(parts: impl IntoIterator<Item = Bytes>, room: Option<Reservation>) -> Self {
        let mut before = Self::default();
        for bytes in parts {
            before.push(bytes);
        }
        before.held = room.map_or(Held::Nothing, |room| Held::Memory(Rc::new(room)));
        before
    }

    /// The same bytes once more, if all of them are in memory.
    pub(crate) fn again(&self) -> Option<Self> {
        let parts = self.parts.iter().map(|part| match part {
            Part::Bytes(bytes) => Some(Part::Bytes(bytes.clone())),
            Part::File(_) => None,
        });
        let held = match &self.held {
            Held::Memory(room) => Held::Memory(Rc::clone(room)),
            Held::Nothing => Held::Nothing,
            Held::Spool(_) => return None,
        };
        Some(Self {
            parts: parts.collect::<Option<_>>()?,
            left: self.left,
            held,
        })
    }

    pub(super) fn holds(&mut self, rooms: Rooms) {
        self.held = Held::Spool(rooms);
    }

    /// Adds bytes at the end.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.left += bytes.len() as u64;
            self.parts.push_back(Part::Bytes(bytes));
        }
    }

    /// Adds a file of this length at the end.
    pub(super) fn push_file(&mut self, file: File, length: u64) {
        if length > 0 {
            self.left += length;
            let state = State::AtStart(file);
            let left = length;
            self.parts.push_back(Part::File(Reading { left, state }));
        }
    }

    /// The bytes that were not given on yet.
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// The next bytes; `None` when all were given on.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let Some(part) = self.parts.front_mut() else {
            self.held = Held::Nothing;
            return Poll::Ready(None);
        };
        let (bytes, is_last) = match part {
            Part::Bytes(bytes) => (std::mem::take(bytes), true),
            Part::File(reading) => match ready!(reading.poll_next(context)) {
                Ok(bytes) => (bytes, reading.left == 0),
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
        };
        if is_last {
            self.parts.pop_front();
        }
        self.left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(bytes)))
    }
}

impl From<Bytes> for Before {
    fn from(bytes: Bytes) -> Self {
        Self::of([bytes], None)
    }
}

impl Reading {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            let is_begun = !matches!(self.state, State::AtStart(_));
            match &mut self.state {
                State::Under(reading) => {
                    let read = ready!(Pin::new(reading).poll(context));
                    self.state = State::Failed;
                    let (file, bytes) = read.map_err(io::Error::other)??;
                    self.left -= bytes.len() as u64;
                    self.state = State::Between(file);
                    return Poll::Ready(Ok(bytes));
                }
                State::Failed => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                State::AtStart(_) | State::Between(_) => {}
            }
            if let State::AtStart(file) | State::Between(file) =
                std::mem::replace(&mut self.state, State::Failed)
            {
                let length = self.left.min(PIECE as u64);
                self.state = State::Under(spawn_blocking(move || read(file, is_begun, length)));
            }
        }
    }
}

/// Reads exactly so many bytes, from the start of the file or from where it stands.
fn read(mut file: File, is_begun: bool, length: u64) -> io::Result<(File, Bytes)> {
    if !is_begun {
        file.rewind()?;
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok((file, bytes.into()))
}
