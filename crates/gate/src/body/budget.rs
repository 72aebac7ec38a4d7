//! A budget of held bytes: taken before reading, given back when dropped.
//!
//! All holders share one total, and one holder has at most a quarter of it, so that a key whose
//! clients send slowly cannot keep the others from being served. There is one budget for memory and
//! one for disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many bytes may be held, and how many are.
#[derive(Debug)]
pub struct Budget {
    total: u64,
    held: AtomicU64,
}

/// What one key holds of one budget.
#[derive(Debug, Default)]
pub struct Holding(AtomicU64);

/// Bytes taken from a budget; dropping it gives them back.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    holding: Arc<Holding>,
    bytes: u64,
}

/// Why bytes are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Spent {
    /// All holders together have what there is.
    #[error("all held bytes are taken")]
    Total,
    /// This key has its quarter.
    #[error("the key holds its share of bytes")]
    Share,
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(total: u64) -> Arc<Self> {
        Arc::new(Self {
            total,
            held: AtomicU64::new(0),
        })
    }

    /// Takes bytes for a holder.
    ///
    /// # Errors
    /// If they are not there, or the holder has its share.
    pub fn reserve(
        self: &Arc<Self>,
        holding: &Arc<Holding>,
        bytes: u64,
    ) -> Result<Reservation, Spent> {
        let mut reservation = Reservation {
            budget: Arc::clone(self),
            holding: Arc::clone(holding),
            bytes: 0,
        };
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// The bytes held now.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// The bytes there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    const fn share(&self) -> u64 {
        self.total / SHARES
    }
}

impl Reservation {
    /// Takes more.
    ///
    /// # Errors
    /// If it is not there; what was taken before stays taken.
    pub fn grow(&mut self, more: u64) -> Result<(), Spent> {
        if !add_within(&self.holding.0, more, self.budget.share()) {
            return Err(Spent::Share);
        }
        if !add_within(&self.budget.held, more, self.budget.total) {
            self.holding.0.fetch_sub(more, Relaxed);
            return Err(Spent::Total);
        }
        self.bytes += more;
        Ok(())
    }

    /// Gives back what is over `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let over = self.bytes.saturating_sub(bytes);
        self.budget.held.fetch_sub(over, Relaxed);
        self.holding.0.fetch_sub(over, Relaxed);
        self.bytes -= over;
    }

    /// The bytes taken.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Relaxed is enough: the number alone is the state, nothing else is published with it.
fn add_within(counter: &AtomicU64, more: u64, limit: u64) -> bool {
    counter
        .fetch_update(Relaxed, Relaxed, |held| {
            held.checked_add(more).filter(|sum| *sum <= limit)
        })
        .is_ok()
}

/// A key's share is one of so many.
const SHARES: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::new(1_000);
        let holding = Arc::new(Holding::default());
        let mut first = budget.reserve(&holding, 100).unwrap();
        first.grow(50).unwrap();
        assert_eq!((budget.held(), first.bytes()), (150, 150));
        first.shrink_to(20);
        first.shrink_to(30);
        assert_eq!((budget.held(), first.bytes()), (20, 20));
        drop(first);
        assert_eq!(budget.held(), 0);
        assert!(budget.reserve(&holding, 250).is_ok());
    }

    #[test]
    fn a_holder_has_at_most_a_quarter() {
        let budget = Budget::new(1_000);
        let (one, two) = (Arc::new(Holding::default()), Arc::new(Holding::default()));
        let mut held = budget.reserve(&one, 250).unwrap();
        assert_eq!(held.grow(1), Err(Spent::Share));
        assert_eq!(budget.reserve(&one, 1).unwrap_err(), Spent::Share);
        assert_eq!(budget.held(), 250);
        assert!(budget.reserve(&two, 250).is_ok());
        assert_eq!(budget.reserve(&two, u64::MAX).unwrap_err(), Spent::Share);
    }

    #[test]
    fn all_together_have_at_most_the_total() {
        let budget = Budget::new(1_000);
        let holders: Vec<_> = (0..5).map(|_| Arc::new(Holding::default())).collect();
        let held: Vec<_> = holders
            .iter()
            .take(4)
            .map(|holder| budget.reserve(holder, 250).unwrap())
            .collect();
        assert_eq!(budget.reserve(&holders[4], 1).unwrap_err(), Spent::Total);
        drop(held);
        assert!(
            budget.reserve(&holders[4], 250).is_ok(),
            "a failed try leaves nothing behind"
        );
    }
}
