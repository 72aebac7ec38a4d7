//! Bytes held until it is known where they go: in memory first, then in a file that has no name.
//!
//! The file is made where `TMPDIR` says, for its owner alone, and without a name: nothing is left of it
//! whatever becomes of the host. It is written and read by threads that may block, a quarter of a MiB
//! at a time. Mostly such a write only copies into the system's cache; but once too much of that waits
//! for the disk, a write waits too, and a worker that waited with it would serve nobody.

mod before;

use std::fs::File;
use std::io::{self, Write};

use bytes::BytesMut;
use tokio::task::spawn_blocking;

pub(crate) use before::Before;

use crate::budget::{Reservation, Spent};

/// Bytes held until it is known where they go.
#[derive(Debug)]
pub(crate) struct Spool {
    bounds: SpoolBounds,
    rooms: Rooms,
    memory: BytesMut,
    file: Option<OnDisk>,
}

/// How many bytes of one body may be held where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpoolBounds {
    pub(crate) memory: u64,
    pub(crate) disk: u64,
}

/// What held bytes are taken from, and given back to.
#[derive(Debug)]
pub(crate) struct Rooms {
    memory: Reservation,
    disk: Reservation,
}

/// What does not fit into memory.
#[derive(Debug)]
struct OnDisk {
    /// `None` while a thread writes to it, and after that failed.
    file: Option<File>,
    written: u64,
    /// What is written next.
    unwritten: Vec<u8>,
}

/// Why bytes cannot be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SpoolError {
    /// The file could not be made or written.
    #[error("held bytes cannot be written to disk")]
    Disk(#[source] io::Error),
    /// There is no room at present.
    #[error("no room to hold more")]
    NoRoom(#[from] Spent),
    /// One body may not hold as many.
    #[error("too much of one body would be held")]
    TooMuch,
}

impl Spool {
    pub(crate) fn new(bounds: SpoolBounds, memory: Reservation, disk: Reservation) -> Self {
        Self {
            bounds,
            rooms: Rooms { memory, disk },
            memory: BytesMut::new(),
            file: None,
        }
    }

    /// Holds more.
    pub(crate) async fn hold(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        let left = match self.file {
            None => self.bounds.memory.saturating_sub(self.memory.len() as u64),
            Some(_) => 0,
        };
        let fitting = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (fitting, rest) = bytes.split_at_checked(fitting).unwrap_or((bytes, &[]));
        self.rooms.memory.grow(fitting.len() as u64)?;
        self.memory.extend_from_slice(fitting);
        if rest.is_empty() {
            return Ok(());
        }
        self.hold_on_disk(rest).await
    }

    /// Everything held, to be given on in its order.
    pub(crate) fn into_before(self) -> Before {
        let mut before = Before::from(self.memory.freeze());
        before.holds(self.rooms);
        if let Some(OnDisk {
            file: Some(file),
            written,
            unwritten,
        }) = self.file
        {
            before.push_file(file, written);
            before.push(unwritten.into());
        }
        before
    }

    async fn hold_on_disk(&mut self, mut bytes: &[u8]) -> Result<(), SpoolError> {
        let held = self.rooms.disk.bytes() + bytes.len() as u64;
        if held > self.bounds.disk {
            return Err(SpoolError::TooMuch);
        }
        self.rooms.disk.grow(bytes.len() as u64)?;
        let disk = match &mut self.file {
            Some(disk) => disk,
            None => {
                self.rooms.memory.grow(PIECE as u64)?;
                self.file.insert(OnDisk::new().await?)
            }
        };
        while !bytes.is_empty() {
            let fitting = bytes.len().min(PIECE - disk.unwritten.len());
            let (now, later) = bytes.split_at_checked(fitting).unwrap_or((bytes, &[]));
            disk.unwritten.extend_from_slice(now);
            bytes = later;
            if disk.unwritten.len() >= PIECE {
                disk.write().await?;
            }
        }
        Ok(())
    }
}

impl OnDisk {
    async fn new() -> Result<Self, SpoolError> {
        let file = off_thread(tempfile::tempfile).await?;
        Ok(Self {
            file: Some(file),
            written: 0,
            unwritten: Vec::with_capacity(PIECE),
        })
    }

    async fn write(&mut self) -> Result<(), SpoolError> {
        let file = self.file.take();
        let mut file = file.ok_or_else(|| SpoolError::Disk(io::ErrorKind::BrokenPipe.into()))?;
        let mut bytes = std::mem::take(&mut self.unwritten);
        let length = bytes.len() as u64;
        let write = move || {
            file.write_all(&bytes)?;
            bytes.clear();
            Ok((file, bytes))
        };
        let (file, bytes) = off_thread(write).await?;
        (self.file, self.unwritten) = (Some(file), bytes);
        self.written += length;
        Ok(())
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SpoolError> {
    let done = spawn_blocking(work).await.map_err(io::Error::other);
    done.and_then(|done| done).map_err(SpoolError::Disk)
}

/// Large enough that handing over to a thread costs little beside it, small enough to have several.
const PIECE: usize = 256 << 10;

#[cfg(test)]
mod tests;
