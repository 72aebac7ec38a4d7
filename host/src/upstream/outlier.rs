//! How a GT host stands: whether requests go to it, judged by how the last ones fared and, if that
//! is configured, by questions of our own.
//!
//! Shared by all workers and read without a lock. A host that cannot be connected to, or that
//! loses [`LOSSES`] requests in a row, is left out for a second, then for twice as long each time,
//! for at most half a minute. When that time is over one request tries it; the others follow when
//! it is answered. Whether there is another host to go to is for whoever chooses to see.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How one host stands.
#[derive(Debug)]
pub(super) struct OutlierDetector {
    /// What moments are counted from.
    epoch: Instant,
    /// Nothing is held against it: all that a request that fared well looks at.
    is_clean: AtomicBool,
    /// Milliseconds after the epoch until which it is left out; zero for not at all.
    out_until: AtomicU64,
    /// How often it was left out since it last answered.
    times_out: AtomicU32,
    /// Requests it lost since it last answered.
    losses: AtomicU32,
    /// Questions of our own that it did not answer, one after the other.
    unanswered: AtomicU32,
    is_unwell: AtomicBool,
}

/// Whether a request may go to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    Available,
    /// This request, to see whether it is back.
    Probe,
    Ejected,
}

impl OutlierDetector {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            is_clean: AtomicBool::new(true),
            out_until: AtomicU64::new(0),
            times_out: AtomicU32::new(0),
            losses: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            is_unwell: AtomicBool::new(false),
        }
    }

    /// Whether requests go to it now: what status and metrics show.
    pub(super) fn is_used(&self) -> bool {
        self.is_clean.load(Ordering::Relaxed)
            || (!self.is_unwell.load(Ordering::Relaxed)
                && self.out_until.load(Ordering::Relaxed) == 0)
    }

    /// Whether this request may go to it. `Trial` is said to one request in `trial`.
    pub(super) fn may_use(&self, trial: Duration) -> Availability {
        if self.is_clean.load(Ordering::Relaxed) {
            return Availability::Available;
        }
        if self.is_unwell.load(Ordering::Relaxed) {
            return Availability::Ejected;
        }
        let until = self.out_until.load(Ordering::Relaxed);
        let now = self.now();
        if until == 0 {
            return Availability::Available;
        }
        if now < until {
            return Availability::Ejected;
        }
        let next = now + millis(trial);
        let taken =
            self.out_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed);
        if taken.is_ok() {
            Availability::Probe
        } else {
            Availability::Ejected
        }
    }

    /// It could not be connected to: for how long it is left out.
    pub(super) fn fails(&self) -> Duration {
        let times = self.times_out.fetch_add(1, Ordering::Relaxed);
        let pause = LONGEST_PAUSE.min(FIRST_PAUSE * (1 << times.min(8)));
        let until = self.now() + millis(pause);
        self.out_until.store(until, Ordering::Relaxed);
        self.is_clean.store(false, Ordering::Relaxed);
        pause
    }

    /// Something went wrong with it, and there is no other to go to.
    pub(super) fn doubt(&self) {
        self.is_clean.store(false, Ordering::Relaxed);
    }

    /// It lost a request it had: for how long it is left out, if that was one too many.
    pub(super) fn loses(&self) -> Option<Duration> {
        self.is_clean.store(false, Ordering::Relaxed);
        let losses = self.losses.fetch_add(1, Ordering::Relaxed) + 1;
        (losses >= LOSSES).then(|| self.fails())
    }

    /// It answered a request. Whether something had been held against it.
    pub(super) fn answers(&self) -> bool {
        if self.is_clean.load(Ordering::Relaxed) {
            return false;
        }
        self.out_until.store(0, Ordering::Relaxed);
        self.times_out.store(0, Ordering::Relaxed);
        self.losses.store(0, Ordering::Relaxed);
        let is_unwell = self.is_unwell.load(Ordering::Relaxed);
        self.is_clean.store(!is_unwell, Ordering::Relaxed);
        !is_unwell
    }

    /// It did not answer a question of our own. Whether that was one too many, and the first.
    pub(super) fn fails_check(&self, most: u32) -> bool {
        let failures = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < most {
            return false;
        }
        self.is_clean.store(false, Ordering::Relaxed);
        !self.is_unwell.swap(true, Ordering::Relaxed)
    }

    /// It answered one. Whether something had been held against it.
    pub(super) fn passes_check(&self) -> bool {
        self.unanswered.store(0, Ordering::Relaxed);
        self.is_unwell.store(false, Ordering::Relaxed);
        self.answers()
    }

    fn now(&self) -> u64 {
        // Zero is taken.
        millis(self.epoch.elapsed()) + 1
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 2)
}

/// A restart takes about so long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A host that is back is used again before a person would have looked.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// One lost request is an accident, such as a connection that GT closed in the wrong moment.
const LOSSES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves time on: an epoch that lies so far back.
    fn later(standing: &mut OutlierDetector, by: Duration) {
        standing.epoch -= by;
    }

    const TRIAL: Duration = Duration::from_secs(5);

    #[test]
    fn a_host_that_fails_is_left_out_for_longer_each_time_and_not_for_ever() {
        let mut standing = OutlierDetector::new(Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pauses.push(standing.fails().as_secs());
            assert_eq!(standing.may_use(TRIAL), Availability::Ejected);
            later(&mut standing, Duration::from_secs(40));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn one_request_tries_a_host_whose_time_is_over() {
        let mut standing = OutlierDetector::new(Instant::now());
        standing.fails();
        later(&mut standing, Duration::from_secs(2));
        assert_eq!(standing.may_use(TRIAL), Availability::Probe);
        assert_eq!(standing.may_use(TRIAL), Availability::Ejected);
        assert!(!standing.is_used());
        assert!(standing.answers());
        assert!(!standing.answers(), "that is no news any more");
        assert_eq!(standing.may_use(TRIAL), Availability::Available);
        assert_eq!(standing.fails().as_secs(), 1, "it begins anew");
    }

    #[test]
    fn single_losses_are_forgiven() {
        let standing = OutlierDetector::new(Instant::now());
        for _ in 0..5 {
            assert_eq!(standing.loses(), None);
            assert_eq!(standing.loses(), None);
            assert_eq!(standing.may_use(TRIAL), Availability::Available);
            assert!(standing.answers());
        }
        let lost = [standing.loses(), standing.loses(), standing.loses()];
        assert_eq!(lost, [None, None, Some(Duration::from_secs(1))]);
        assert!(!standing.is_used());
    }

    #[test]
    fn an_answer_does_not_outweigh_a_failing_check() {
        let standing = OutlierDetector::new(Instant::now());
        assert!(!standing.fails_check(2));
        assert!(standing.is_used());
        assert!(standing.fails_check(2));
        assert!(!standing.fails_check(2), "that is no news");
        assert!(!standing.answers());
        assert_eq!(standing.may_use(TRIAL), Availability::Ejected);
        assert!(standing.passes_check());
        assert_eq!(standing.may_use(TRIAL), Availability::Available);
    }
}
