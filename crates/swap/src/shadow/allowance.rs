//! The processor time shadows may use.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use signalbox_runtime::TrafficShare;

/// Processor time that may be used on one thread: a share of the time that passes, and a little ahead.
#[derive(Debug)]
pub(super) struct Allowance {
    share: TrafficShare,
    /// What is left, in nanoseconds; below zero after a decision that took more than was left.
    left: i128,
    at: Instant,
}

impl Allowance {
    pub(super) const fn new(share: TrafficShare, now: Instant) -> Self {
        Self {
            share,
            left: AHEAD.as_nanos().cast_signed(),
            at: now,
        }
    }

    /// Does the work and takes the time it took, if some is left.
    pub(super) fn within<T>(&mut self, now: Instant, work: impl FnOnce() -> T) -> Option<T> {
        if !self.has_some(now) {
            return None;
        }
        let before = processor_time();
        let done = work();
        self.spend(processor_time().saturating_sub(before));
        Some(done)
    }

    fn has_some(&mut self, now: Instant) -> bool {
        let passed = now
            .saturating_duration_since(self.at)
            .as_nanos()
            .cast_signed();
        self.at = now;
        let gained = passed * i128::from(self.share.ten_thousandths()) / 10_000;
        self.left = (self.left + gained).min(AHEAD.as_nanos().cast_signed());
        self.left > 0
    }

    const fn spend(&mut self, took: Duration) {
        self.left -= took.as_nanos().cast_signed();
    }
}

/// What this thread has used. Unlike the time that passes, it does not count waiting for a core.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

/// A burst of a few hundred decisions.
const AHEAD: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowance_grows_with_time_and_no_further_than_ahead() {
        let start = Instant::now();
        let share = TrafficShare::of_ten_thousand(2_500).unwrap();
        let mut allowance = Allowance::new(share, start);
        assert!(allowance.has_some(start));
        allowance.spend(Duration::from_millis(10));
        assert!(!allowance.has_some(start));
        // A quarter of 20 ms is what was overspent.
        assert!(!allowance.has_some(start + Duration::from_millis(20)));
        assert!(allowance.has_some(start + Duration::from_millis(21)));
        // However long nothing is asked, no more than a little is saved up.
        assert!(allowance.has_some(start + Duration::from_secs(3600)));
        allowance.spend(AHEAD);
        assert!(!allowance.has_some(start + Duration::from_secs(3600)));
    }

    #[test]
    fn processor_time_goes_on() {
        let before = processor_time();
        let mut sum = 0_u64;
        while processor_time() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(processor_time() > before);
    }
}
