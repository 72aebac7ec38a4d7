//! Places for connections: a share for operators that nobody else can fill.
//!
//! Who connects is known when a request shows a token, so every connection begins in the open
//! share. If that is full, the connection that has been in it longest is closed: whoever comes to
//! work is let in at once, and whoever only polls connects again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The connections there are.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<Held>);

/// By number, so the first is the oldest.
#[derive(Debug, Default)]
struct Held {
    next: u64,
    open: BTreeMap<u64, Hold>,
    operators: BTreeMap<u64, Hold>,
}

/// Dropping it takes the place away.
type Hold = oneshot::Sender<Infallible>;

/// Resolves, always to an error, when the place was given to a newer connection.
pub(super) type Displaced = oneshot::Receiver<Infallible>;

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    shares: Arc<Shares>,
}

impl Shares {
    /// A place of the open share. If none is free, its oldest connection loses its own.
    pub(super) fn enter(self: &Arc<Self>) -> (Place, Displaced) {
        let (hold, displaced) = oneshot::channel();
        let mut held = self.held();
        if held.open.len() >= OPEN_PLACES {
            held.open.pop_first();
        }
        let number = held.next;
        held.next += 1;
        held.open.insert(number, hold);
        let shares = Arc::clone(self);
        (Place { number, shares }, displaced)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Moves the connection to the operators' share, for good: it has shown a token.
    ///
    /// If that share is full the connection stays where it is: it is answered, and may be displaced.
    pub(super) fn promote(&self) {
        let mut held = self.shares.held();
        if held.operators.len() < OPERATORS_PLACES
            && let Some(hold) = held.open.remove(&self.number)
        {
            held.operators.insert(self.number, hold);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        held.open.remove(&self.number);
        held.operators.remove(&self.number);
    }
}

/// Probes and whoever has not shown a token yet.
const OPEN_PLACES: usize = 48;
/// Scrapers and a few people.
const OPERATORS_PLACES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_displaced(displaced: &mut Displaced) -> bool {
        displaced.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[test]
    fn the_oldest_of_a_full_share_makes_room_and_no_operator_does() {
        let shares = Arc::new(Shares::default());
        let mut held: Vec<_> = (0..OPEN_PLACES).map(|_| shares.enter()).collect();
        held[0].0.promote();
        held.push(shares.enter());
        assert!(
            held.iter_mut()
                .all(|(_, displaced)| !is_displaced(displaced))
        );
        held.push(shares.enter());
        let displaced = held
            .iter_mut()
            .map(|(_, displaced)| is_displaced(displaced));
        let displaced: Vec<_> = displaced.collect();
        assert_eq!(
            displaced.iter().position(|is_displaced| *is_displaced),
            Some(1)
        );
        assert_eq!(
            displaced
                .iter()
                .filter(|is_displaced| **is_displaced)
                .count(),
            1
        );
    }

    #[test]
    fn a_place_is_free_when_its_connection_ends() {
        let shares = Arc::new(Shares::default());
        let (_first, mut displaced) = shares.enter();
        for _ in 0..2 * OPEN_PLACES {
            drop(shares.enter());
        }
        for _ in 0..2 * OPERATORS_PLACES {
            let (operator, mut displaced) = shares.enter();
            operator.promote();
            operator.promote();
            assert!(!is_displaced(&mut displaced));
            assert_eq!(shares.held().operators.len(), 1);
        }
        assert!(!is_displaced(&mut displaced));
    }

    #[test]
    fn an_operator_too_many_keeps_the_place_it_has() {
        let shares = Arc::new(Shares::default());
        let operators: Vec<_> = (0..=OPERATORS_PLACES).map(|_| shares.enter()).collect();
        operators.iter().for_each(|(place, _)| place.promote());
        let held = shares.held();
        assert_eq!(
            (held.operators.len(), held.open.len()),
            (OPERATORS_PLACES, 1)
        );
        drop(held);
    }
}
