//! Bytes on their way to GT that are all here: in memory, in a file, or some of each.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use signalbox_gate::{BodyFailure, BodyRoom};

use crate::async_runtime::AsyncRuntime;
use crate::oneshot::{Receiver, blocking};
use crate::spool::read;

/// Bytes that are all here, in a few parts so that none is copied. They are a body, or go before the
/// rest of one.
#[derive(Debug, Default)]
pub(crate) struct HeldParts {
    parts: VecDeque<Part>,
    left: u64,
    /// Given back as soon as nothing is held any more: the rest of the body may take hours.
    room: Option<BodyRoom>,
    runtime: Option<Arc<dyn AsyncRuntime>>,
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
    Under(Receiver<io::Result<(File, Bytes)>>),
    Failed,
}

impl HeldParts {
    /// The parts of a body, of which `file` has those that are not in memory.
    pub(crate) fn new(
        parts: Vec<signalbox_gate::Part>,
        room: BodyRoom,
        mut file: Option<File>,
        runtime: Option<&Arc<dyn AsyncRuntime>>,
    ) -> Self {
        let mut held = Self {
            room: Some(room),
            runtime: runtime.cloned(),
            ..Self::default()
        };
        for part in parts {
            match part {
                signalbox_gate::Part::Bytes(bytes) => {
                    held.left += bytes.len() as u64;
                    held.parts.push_back(Part::Bytes(bytes));
                }
                signalbox_gate::Part::Spooled(left) => {
                    held.left += left;
                    let state = file.take().map_or(State::Failed, State::AtStart);
                    held.parts.push_back(Part::File(Reading { left, state }));
                }
            }
        }
        held
    }

    /// The bytes that were not given on yet.
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// The next bytes; `None` when all were given on.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        let Some(part) = self.parts.front_mut() else {
            self.room = None;
            return Poll::Ready(None);
        };
        let (bytes, is_last) = match part {
            Part::Bytes(bytes) => (std::mem::take(bytes), true),
            Part::File(reading) => {
                match ready!(reading.poll_next(self.runtime.as_deref(), context)) {
                    Some(bytes) => (bytes, reading.left == 0),
                    None => return Poll::Ready(Some(Err(BodyFailure::NotHeld))),
                }
            }
        };
        if is_last {
            self.parts.pop_front();
        }
        self.left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(bytes)))
    }
}

impl Reading {
    /// The next bytes; `None` if they cannot be read back.
    fn poll_next(
        &mut self,
        runtime: Option<&dyn AsyncRuntime>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Bytes>> {
        loop {
            let is_begun = matches!(self.state, State::Between(_));
            match &mut self.state {
                State::Under(reading) => {
                    let come = ready!(Pin::new(reading).poll(context));
                    self.state = State::Failed;
                    let Some(Ok((file, bytes))) = come else {
                        return Poll::Ready(None);
                    };
                    self.left -= bytes.len() as u64;
                    self.state = State::Between(file);
                    return Poll::Ready(Some(bytes));
                }
                State::Failed => return Poll::Ready(None),
                State::AtStart(_) | State::Between(_) => {}
            }
            let state = std::mem::replace(&mut self.state, State::Failed);
            if let (State::AtStart(file) | State::Between(file), Some(runtime)) = (state, runtime) {
                let length = self.left.min(PIECE);
                let reading = blocking(runtime, move || read(file, is_begun, length));
                self.state = State::Under(reading);
            }
        }
    }
}

/// Large enough that handing over to a thread costs little beside it, small enough to have several.
const PIECE: u64 = 256 << 10;
