//! Bytes on their way to GT that are all here: in memory, in a file, or some of each.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use signalbox_gate::BodyRoom;
use tokio::task::{JoinHandle, spawn_blocking};

use super::PIECE;

/// Bytes that are all here, in a few parts so that none is copied. They are a body, or go before
/// the rest of one.
#[derive(Debug, Default)]
pub(crate) struct Before {
    parts: VecDeque<Part>,
    left: u64,
    /// Given back as soon as nothing is held any more: the rest of the body may take hours. Shared
    /// with the same bytes kept for a second try.
    room: Option<Rc<BodyRoom>>,
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
    /// The parts of a body, of which `file` has those that are not in memory.
    pub(crate) fn new(
        parts: Vec<signalbox_gate::Part>,
        room: BodyRoom,
        mut file: Option<File>,
    ) -> Self {
        let mut before = Self {
            room: Some(Rc::new(room)),
            ..Self::default()
        };
        for part in parts {
            match part {
                signalbox_gate::Part::Bytes(bytes) => before.push(bytes),
                signalbox_gate::Part::Spooled(length) => before.push_file(file.take(), length),
            }
        }
        before
    }

    /// The same bytes once more, if all of them are in memory.
    pub(crate) fn again(&self) -> Option<Self> {
        let parts = self.parts.iter().map(|part| match part {
            Part::Bytes(bytes) => Some(Part::Bytes(bytes.clone())),
            Part::File(_) => None,
        });
        Some(Self {
            parts: parts.collect::<Option<_>>()?,
            left: self.left,
            room: self.room.clone(),
        })
    }

    fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.left += bytes.len() as u64;
            self.parts.push_back(Part::Bytes(bytes));
        }
    }

    fn push_file(&mut self, file: Option<File>, length: u64) {
        self.left += length;
        let state = file.map_or(State::Failed, State::AtStart);
        let left = length;
        self.parts.push_back(Part::File(Reading { left, state }));
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
            self.room = None;
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
