//! Bytes held until it is known where they go: in memory first, then on the door's disk.

use std::io;

use bytes::{Bytes, BytesMut};
use signalbox_http::refusal::{Code, Refusal};

use crate::body::budget::{Reservation, Spent};
use crate::body::upstream_body::{Part, UpstreamBody};

/// Bytes held until it is known where they go. What does not fit into memory is gathered into larger
/// pieces, which the door writes to disk one after the other.
#[derive(Debug)]
pub(crate) struct Spool {
    bounds: SpoolBounds,
    memory_room: Reservation,
    disk_room: Reservation,
    memory: BytesMut,
    /// `None` as long as all of it is in memory.
    disk: Option<OnDisk>,
}

/// How many bytes of one body may be held where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpoolBounds {
    pub(crate) memory: u64,
    pub(crate) disk: u64,
}

#[derive(Debug)]
struct OnDisk {
    written: u64,
    /// Handed to the door, which has not said yet that it is written.
    under_way: u64,
    unwritten: Vec<u8>,
}

/// Why bytes cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpoolError {
    /// There is no room at present.
    NoRoom,
    /// One body may not hold as many.
    TooMuch,
}

/// Why a door cannot write a part of a form to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolFailure {
    /// The disk is full: what is held by others ends, so the same request may pass later.
    #[error("the disk is full")]
    Full,
    /// It cannot be written at all, until somebody does something about it.
    #[error("the disk cannot be written")]
    Unusable,
}

impl From<&io::Error> for SpoolFailure {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Unusable,
        }
    }
}

impl SpoolFailure {
    /// What the client is told.
    pub(crate) fn refusal(self) -> Refusal {
        let refusal = Refusal::of(Code::SpoolFailed);
        match self {
            Self::Full => refusal.retry_after(1),
            Self::Unusable => refusal,
        }
    }
}

impl From<Spent> for SpoolError {
    fn from(_spent: Spent) -> Self {
        Self::NoRoom
    }
}

impl Spool {
    pub(crate) fn new(bounds: SpoolBounds, memory: Reservation, disk: Reservation) -> Self {
        Self {
            bounds,
            memory_room: memory,
            disk_room: disk,
            memory: BytesMut::new(),
            disk: None,
        }
    }

    /// Holds more.
    pub(crate) fn hold(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        let left = match self.disk {
            None => self.bounds.memory.saturating_sub(self.memory.len() as u64),
            Some(_) => 0,
        };
        let fitting = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (fitting, rest) = bytes.split_at_checked(fitting).unwrap_or((bytes, &[]));
        self.memory_room.grow(fitting.len() as u64)?;
        self.memory.extend_from_slice(fitting);
        if rest.is_empty() {
            return Ok(());
        }
        let more = rest.len() as u64;
        if self.disk_room.bytes() + more > self.bounds.disk {
            return Err(SpoolError::TooMuch);
        }
        self.disk_room.grow(more)?;
        if self.disk.is_none() {
            self.memory_room.grow(PIECE as u64)?;
        }
        let disk = self.disk.get_or_insert_with(|| OnDisk {
            written: 0,
            under_way: 0,
            unwritten: Vec::with_capacity(PIECE),
        });
        disk.unwritten.extend_from_slice(rest);
        Ok(())
    }

    /// What is to be written now, if it is enough to be worth it.
    pub(crate) fn take_full(&mut self) -> Option<Bytes> {
        let disk = self.disk.as_mut()?;
        if disk.unwritten.len() < PIECE {
            return None;
        }
        let mut rest = Vec::with_capacity(PIECE);
        rest.extend_from_slice(disk.unwritten.get(PIECE..).unwrap_or_default());
        disk.unwritten.truncate(PIECE);
        let bytes = std::mem::replace(&mut disk.unwritten, rest);
        disk.under_way = bytes.len() as u64;
        Some(bytes.into())
    }

    /// What was to be written is.
    pub(crate) fn written(&mut self) {
        if let Some(disk) = &mut self.disk {
            disk.written += std::mem::take(&mut disk.under_way);
        }
    }

    /// Everything held, in its order, and then `rest`.
    pub(crate) fn into_upstream(self, rest: Bytes) -> UpstreamBody {
        let mut parts = Vec::with_capacity(4);
        push(&mut parts, self.memory.freeze());
        if let Some(disk) = self.disk {
            if disk.written > 0 {
                parts.push(Part::Spooled(disk.written));
            }
            push(&mut parts, disk.unwritten.into());
        }
        push(&mut parts, rest);
        UpstreamBody::whole(parts, Some(self.memory_room), Some(self.disk_room))
    }
}

fn push(parts: &mut Vec<Part>, bytes: Bytes) {
    if !bytes.is_empty() {
        parts.push(Part::Bytes(bytes));
    }
}

/// Large enough that handing over to a thread costs little beside it, small enough to have several.
const PIECE: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::body::budget::{Budget, Holding};

    struct Budgets {
        memory: Arc<Budget>,
        disk: Arc<Budget>,
        holding: Arc<Holding>,
    }

    impl Budgets {
        /// A quarter of each is what one holder may have.
        fn new(memory: u64, disk: u64) -> Self {
            Self {
                memory: Budget::new(4 * memory),
                disk: Budget::new(4 * disk),
                holding: Arc::default(),
            }
        }

        fn spool(&self, memory: u64, disk: u64) -> Spool {
            let in_memory = self.memory.reserve(&self.holding, 0).unwrap();
            let on_disk = self.disk.reserve(&Arc::default(), 0).unwrap();
            Spool::new(SpoolBounds { memory, disk }, in_memory, on_disk)
        }

        fn held(&self) -> (u64, u64) {
            (self.memory.held(), self.disk.held())
        }
    }

    /// Holds bytes, and writes what is to be written as a door does.
    fn hold(spool: &mut Spool, disk: &mut Vec<u8>, bytes: &[u8]) {
        spool.hold(bytes).unwrap();
        while let Some(full) = spool.take_full() {
            disk.extend_from_slice(&full);
            spool.written();
        }
    }

    fn all_of(body: UpstreamBody, disk: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        for part in body.parts {
            match part {
                Part::Bytes(bytes) => all.extend_from_slice(&bytes),
                Part::Spooled(length) => {
                    assert_eq!(length, disk.len() as u64);
                    all.extend_from_slice(disk);
                }
            }
        }
        all
    }

    #[test]
    fn what_is_held_comes_out_in_its_order() {
        let budgets = Budgets::new(1 << 20, 1 << 20);
        let bytes: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
        for (memory, piece) in [(0, 1_000), (1_000, 7), (100_000, 60_000), (1 << 20, 50_000)] {
            let (mut spool, mut disk) = (budgets.spool(memory, 1 << 20), Vec::new());
            for piece in bytes.chunks(piece) {
                hold(&mut spool, &mut disk, piece);
            }
            let over = (bytes.len() as u64).saturating_sub(memory);
            let buffer = if over > 0 { PIECE as u64 } else { 0 };
            let in_memory = bytes.len() as u64 - over + buffer;
            assert_eq!(budgets.held(), (in_memory, over), "{memory}");
            let body = spool.into_upstream(Bytes::from_static(b"end"));
            assert!(all_of(body, &disk) == [&bytes[..], b"end"].concat());
            assert_eq!(budgets.held(), (0, 0), "given back");
        }
    }

    #[test]
    fn one_body_holds_no_more_than_it_may() {
        let budgets = Budgets::new(1 << 20, 1 << 20);
        let mut spool = budgets.spool(10, 20);
        spool.hold(&[1; 30]).unwrap();
        assert_eq!(spool.hold(&[1]), Err(SpoolError::TooMuch));
        drop(spool);
        assert_eq!(budgets.held(), (0, 0));
    }

    #[test]
    fn nothing_is_held_that_there_is_no_room_for() {
        let budgets = Budgets::new(PIECE as u64 + 5, 10);
        let mut spool = budgets.spool(100, 100);
        assert_eq!(spool.hold(&[1; PIECE + 6]), Err(SpoolError::TooMuch));
        drop(spool);
        let mut spool = budgets.spool(5, 100);
        assert_eq!(spool.hold(&[1; 16]), Err(SpoolError::NoRoom));
        assert_eq!(budgets.disk.held(), 0, "nothing is to be written");
        drop(spool);
        let mut spool = budgets.spool(1 << 20, 100);
        spool.hold(&[1; PIECE + 5]).unwrap();
        assert_eq!(spool.hold(&[1]), Err(SpoolError::NoRoom));
        drop(spool);
        assert_eq!(budgets.held(), (0, 0));
    }
}
