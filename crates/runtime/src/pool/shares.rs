//! What each caller holds of the queue, and whose requests the guest keeps failing on.
//!
//! Time comes in as an argument.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::SubmitError;

/// The callers that hold something or failed lately.
#[derive(Debug)]
pub(super) struct Shares {
    callers: HashMap<String, CallerShare>,
    largest: usize,
}

#[derive(Debug, Default)]
struct CallerShare {
    /// Requests that wait or are being decided.
    held: usize,
    /// The generation that fails, and how often in a row. A new generation starts afresh.
    failing: u64,
    failures: u32,
    refused_until: Option<Instant>,
}

/// How a request of a caller ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Decided,
    GuestFailed,
    /// Says nothing of the guest.
    HostFailed,
}

impl Shares {
    pub(super) fn new(queue: usize) -> Self {
        Self {
            callers: HashMap::new(),
            largest: (queue / 2).max(1),
        }
    }

    pub(super) fn admit(
        &mut self,
        caller: &str,
        generation: u64,
        now: Instant,
    ) -> Result<(), SubmitError> {
        if !self.callers.contains_key(caller) {
            self.callers
                .insert(caller.to_owned(), CallerShare::default());
        }
        let Some(share) = self.callers.get_mut(caller) else {
            return Err(SubmitError::QueueFull);
        };
        if share.failing == generation && share.refused_until.is_some_and(|until| now < until) {
            return Err(SubmitError::CallerFails);
        }
        if share.held >= self.largest {
            return Err(SubmitError::CallerShare);
        }
        share.held += 1;
        Ok(())
    }

    pub(super) fn done(&mut self, caller: &str, generation: u64, outcome: Outcome, now: Instant) {
        let Some(share) = self.callers.get_mut(caller) else {
            return;
        };
        share.held = share.held.saturating_sub(1);
        match outcome {
            Outcome::GuestFailed => share.failed(generation, now),
            Outcome::Decided if share.failing <= generation => {
                share.failures = 0;
                share.refused_until = None;
            }
            Outcome::Decided | Outcome::HostFailed => {}
        }
        if share.held == 0 && share.failures == 0 {
            self.callers.remove(caller);
        }
    }
}

impl CallerShare {
    fn failed(&mut self, generation: u64, now: Instant) {
        if self.failing != generation {
            self.failing = generation;
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        // Once it has failed often enough, each further failure costs another pause: after one,
        // a single request finds out whether the guest is well again.
        if self.failures >= FAILURES {
            self.refused_until = Some(now + PAUSE);
        }
    }
}

const FAILURES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// One request of caller `a` on generation 1, all at once.
    fn one(shares: &mut Shares, outcome: Outcome, now: Instant) -> Result<(), SubmitError> {
        shares.admit("a", 1, now)?;
        shares.done("a", 1, outcome, now);
        Ok(())
    }

    fn failing(now: Instant) -> Shares {
        let mut shares = Shares::new(8);
        for _ in 0..FAILURES {
            assert_eq!(one(&mut shares, Outcome::GuestFailed, now), Ok(()));
        }
        shares
    }

    #[test]
    fn caller_within_its_share_is_admitted_and_over_it_is_not() {
        let (mut shares, now) = (Shares::new(8), Instant::now());
        for _ in 0..4 {
            assert_eq!(shares.admit("a", 1, now), Ok(()));
        }
        assert_eq!(shares.admit("a", 1, now), Err(SubmitError::CallerShare));
        assert_eq!(shares.admit("b", 1, now), Ok(()));
        shares.done("a", 1, Outcome::Decided, now);
        assert_eq!(shares.admit("a", 1, now), Ok(()));
    }

    #[test]
    fn repeated_failures_refuse_the_caller_for_a_second() {
        let now = Instant::now();
        let mut shares = failing(now);
        assert_eq!(shares.admit("a", 1, now), Err(SubmitError::CallerFails));
        assert_eq!(shares.admit("b", 1, now), Ok(()));
        let almost = now + PAUSE - Duration::from_nanos(1);
        assert_eq!(shares.admit("a", 1, almost), Err(SubmitError::CallerFails));
        assert_eq!(shares.admit("a", 1, now + PAUSE), Ok(()));
    }

    #[test]
    fn one_more_failure_after_the_pause_pauses_again() {
        let now = Instant::now();
        let mut shares = failing(now);
        let later = now + PAUSE;
        assert_eq!(one(&mut shares, Outcome::GuestFailed, later), Ok(()));
        assert_eq!(shares.admit("a", 1, later), Err(SubmitError::CallerFails));
    }

    #[test]
    fn decision_between_failures_starts_the_count_afresh() {
        let (mut shares, now) = (Shares::new(8), Instant::now());
        for outcome in [Outcome::GuestFailed, Outcome::Decided].repeat(FAILURES as usize) {
            assert_eq!(one(&mut shares, outcome, now), Ok(()));
        }
    }

    #[test]
    fn failures_of_the_host_count_for_nobody() {
        let (mut shares, now) = (Shares::new(8), Instant::now());
        for _ in 0..2 * FAILURES {
            assert_eq!(one(&mut shares, Outcome::HostFailed, now), Ok(()));
        }
    }

    #[test]
    fn new_generation_is_asked_at_once() {
        let now = Instant::now();
        assert_eq!(failing(now).admit("a", 2, now), Ok(()));
    }

    #[test]
    fn caller_that_holds_nothing_leaves_nothing_behind() {
        let (mut shares, now) = (Shares::new(8), Instant::now());
        assert_eq!(one(&mut shares, Outcome::Decided, now), Ok(()));
        assert!(shares.callers.is_empty());
    }
}
