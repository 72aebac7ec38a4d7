//! What one connection knows of itself.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

/// What one connection knows of itself; shared by its bytes, its requests and its clock.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Whether it speaks HTTP/2.
    has_frames: Cell<bool>,
    exchanges: Cell<u32>,
    has_begun: Cell<bool>,
    idle_since: Cell<Instant>,
    head_since: Cell<Option<Instant>>,
    /// Since when the client's socket takes nothing.
    blocked_since: Cell<Option<Instant>>,
    /// Whether somebody with a key has used it.
    is_admitted: Cell<bool>,
    /// Refused requests whose client is waited for.
    refused: Cell<u32>,
    /// Whether what was read last is to be worked off before more is read.
    turn: Cell<Turn>,
}

/// Whether more of what a client sends is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Read,
    /// Once what was read is given out.
    WorkOff,
    /// The same, and somebody waits for it.
    Withheld,
}

/// The rest of a refused request that waits for its client: for its body, or to take the refusal.
#[derive(Debug)]
pub(crate) struct RefusedGuard(Rc<ConnectionState>);

/// One request and its answer, until the answer's body is dropped.
#[derive(Debug)]
pub(crate) struct Exchange(Rc<ConnectionState>);

impl ConnectionState {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            has_frames: Cell::new(false),
            exchanges: Cell::new(0),
            has_begun: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            head_since: Cell::new(None),
            blocked_since: Cell::new(None),
            is_admitted: Cell::new(false),
            refused: Cell::new(0),
            turn: Cell::new(Turn::Read),
        })
    }

    /// The connection speaks HTTP/2.
    pub(crate) fn speaks_frames(&self) {
        self.has_frames.set(true);
        self.head_since.set(None);
    }

    /// A request's head is complete.
    pub(crate) fn begin(self: &Rc<Self>) -> Exchange {
        self.has_begun.set(true);
        self.head_since.set(None);
        self.exchanges.set(self.exchanges.get() + 1);
        Exchange(Rc::clone(self))
    }

    /// Somebody with a key uses it.
    pub(crate) fn admits(&self) {
        self.is_admitted.set(true);
    }

    /// Whether somebody with a key has used it.
    pub(crate) fn is_admitted(&self) -> bool {
        self.is_admitted.get()
    }

    /// Whether it speaks HTTP/2, and nobody with a key has used it.
    pub(super) fn is_unknown(&self) -> bool {
        self.has_frames.get() && !self.is_admitted()
    }

    /// Some of what the client sent was read.
    pub(super) fn read_little(&self) {
        self.turn.set(Turn::WorkOff);
    }

    /// Whether no more is read for now.
    pub(super) fn withholds(&self) -> bool {
        let withholds = self.turn.get() != Turn::Read || self.blocked_since().is_some();
        if withholds {
            self.turn.set(Turn::Withheld);
        }
        withholds
    }

    /// All that was read is given out. Whether more was asked for and withheld; while the client takes
    /// nothing it stays so, until a write wakes who serves it.
    pub(crate) fn may_read(&self) -> bool {
        self.blocked_since().is_none() && self.turn.replace(Turn::Read) == Turn::Withheld
    }

    /// One more refused request may wait for its client; `None` if enough of them do.
    pub(crate) fn refused_waits(self: &Rc<Self>) -> Option<RefusedGuard> {
        let waiting = self.refused.get();
        (waiting < REFUSED).then(|| {
            self.refused.set(waiting + 1);
            RefusedGuard(Rc::clone(self))
        })
    }

    /// Since when the client's socket takes nothing; `None` if it takes what there is.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since.get()
    }

    /// The client's socket took something, or did not. What the client owes while it takes nothing is
    /// to take something: all else is waited for anew once it has.
    pub(super) fn wrote(&self, is_blocked: bool) {
        let since = self.blocked_since.get();
        if since.is_some() && !is_blocked {
            self.waits_again();
            let head_since = self.head_since.get().map(|_before| Instant::now());
            self.head_since.set(head_since);
        }
        self.blocked_since
            .set(is_blocked.then(|| since.unwrap_or_else(Instant::now)));
    }

    /// Whether there ever was a request.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.get()
    }

    /// Whether a head has begun that is not complete.
    pub(crate) fn has_half_a_head(&self) -> bool {
        self.exchanges.get() == 0 && self.head_since.get().is_some()
    }

    /// The wait for a request begins anew.
    pub(crate) fn waits_again(&self) {
        self.idle_since.set(Instant::now());
    }

    /// When the client has waited too long with its next request; `None` while one is open, or some of
    /// an answer waits to be taken.
    pub(crate) fn deadline(&self, head: Duration, idle: Duration) -> Option<Instant> {
        match self.head_since.get() {
            _ if self.exchanges.get() > 0 || self.blocked_since().is_some() => None,
            Some(since) => Some(since + head),
            None => Some(self.idle_since.get() + idle),
        }
    }

    /// Bytes came. Of HTTP/2 they need not be a head: a ping is none.
    pub(crate) fn heard(&self) {
        let may_be_a_head = self.exchanges.get() == 0 && !self.has_frames.get();
        if may_be_a_head && self.head_since.get().is_none() {
            self.head_since.set(Some(Instant::now()));
        }
    }
}

impl Drop for RefusedGuard {
    fn drop(&mut self) {
        self.0.refused.set(self.0.refused.get() - 1);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.exchanges.set(self.0.exchanges.get() - 1);
        self.0.waits_again();
    }
}

/// Who has no key waits in few places: what one holds is some kilobytes, and streams are many.
const REFUSED: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(1);
    const IDLE: Duration = Duration::from_secs(2);

    /// The last piece of an answer waits in the connection, after the answer itself has ended.
    #[test]
    fn a_client_that_takes_nothing_is_late_with_nothing_else() {
        let state = ConnectionState::new();
        drop(state.begin());
        assert!(state.deadline(HEAD, IDLE).is_some());
        state.wrote(true);
        assert_eq!(state.deadline(HEAD, IDLE), None);
        // Nor with the rest of a head that it has begun meanwhile.
        state.heard();
        assert_eq!(state.deadline(HEAD, IDLE), None);
        let before = Instant::now();
        state.wrote(false);
        let due = state.deadline(HEAD, IDLE).unwrap();
        assert!(due >= before + HEAD && due < before + IDLE);
    }
}
