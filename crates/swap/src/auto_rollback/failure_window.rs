//! What failed of a generation lately, and whether that is enough to act on.
//!
//! Only what is recent counts, failures and decisions alike: three odd failures in a month say
//! nothing, and a policy that begins to fail after a month is not excused by it. Time comes in as an
//! argument.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use signalbox_runtime::Counts;

use super::ppm;
use crate::Evidence;

/// What failed of one generation in the last two spans of time.
#[derive(Clone, Debug)]
pub(crate) struct FailureWindow {
    before: Option<Span>,
    now: Span,
}

/// What failed in one span of time.
#[derive(Clone, Debug)]
struct Span {
    began: Instant,
    /// The generation's counts then.
    from: Counts,
    failures: u64,
    callers: BTreeMap<String, u64>,
    causes: BTreeMap<&'static str, u64>,
}

impl FailureWindow {
    /// One that counts from a generation's first decision.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            before: None,
            now: Span::new(now, Counts::default()),
        }
    }

    pub(crate) fn add(&mut self, caller: &str, cause: &'static str) {
        self.now.add(caller, cause);
    }

    /// Lets go of what is no longer recent. To be called often, whether anything fails or not.
    pub(crate) fn turn(&mut self, now: Instant, counts: Counts) {
        if now.duration_since(self.now.began) >= SPAN {
            self.before = Some(std::mem::replace(&mut self.now, Span::new(now, counts)));
        }
    }

    /// What speaks for acting, if it is enough: at least three failures of at least two callers,
    /// and a larger share of the decisions than before.
    pub(crate) fn evidence(&self, counts: Counts, before: Counts) -> Option<Evidence> {
        let spans = || self.before.iter().chain([&self.now]);
        let from = spans().next()?.from;
        let (mut callers, mut causes) = (BTreeMap::new(), BTreeMap::new());
        for span in spans() {
            add_all(&mut callers, &span.callers);
            add_all(&mut causes, &span.causes);
        }
        // Letters may be lost when there are many; the generation's own count has them.
        let told = spans().map(|span| span.failures).sum();
        let failures = counts.failures.saturating_sub(from.failures).max(told);
        let decisions = counts
            .decisions
            .saturating_sub(from.decisions)
            .max(failures);
        let is_more = u128::from(failures) * u128::from(before.decisions.max(1))
            > u128::from(before.failures) * u128::from(decisions);
        if callers.len() < FEWEST_CALLERS || failures < FEWEST_FAILURES || !is_more {
            return None;
        }
        Some(Evidence {
            rule: format!(
                "guest failures: lately at least {FEWEST_FAILURES} of at least {FEWEST_CALLERS} \
                 callers, and a larger share than before"
            ),
            callers: callers.into_keys().collect(),
            failures,
            decisions,
            failures_before_ppm: ppm(before.failures, before.decisions),
            causes: causes
                .into_iter()
                .map(|(cause, count)| (cause.to_owned(), count))
                .collect(),
        })
    }
}

impl Span {
    const fn new(began: Instant, from: Counts) -> Self {
        Self {
            began,
            from,
            failures: 0,
            callers: BTreeMap::new(),
            causes: BTreeMap::new(),
        }
    }

    fn add(&mut self, caller: &str, cause: &'static str) {
        self.failures += 1;
        *self.causes.entry(cause).or_default() += 1;
        if let Some(count) = self.callers.get_mut(caller) {
            *count += 1;
        } else if self.callers.len() < MOST_CALLERS {
            self.callers.insert(caller.to_owned(), 1);
        }
    }
}

fn add_all<K: Ord + Clone>(sum: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, count) in more {
        *sum.entry(key.clone()).or_default() += count;
    }
}

/// Between one and two of these is "lately": long enough for callers that ask now and then.
const SPAN: Duration = Duration::from_secs(300);
/// One caller alone must not be able to replace the policy of everyone.
const FEWEST_CALLERS: usize = 2;
/// Two may be chance.
const FEWEST_FAILURES: u64 = 3;
/// For people to look at; more help nobody.
const MOST_CALLERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const fn counts(decisions: u64, failures: u64) -> Counts {
        Counts {
            decisions,
            failures,
            refusals: 0,
        }
    }

    /// Three failures of two callers.
    fn failing(start: Instant) -> FailureWindow {
        let mut tally = FailureWindow::new(start);
        for caller in ["a", "b", "a"] {
            tally.add(caller, "trap");
        }
        tally
    }

    #[test]
    fn three_failures_of_two_callers_are_enough_and_less_is_not() {
        let start = Instant::now();
        let evidence = failing(start).evidence(counts(100, 3), Counts::default());
        let evidence = evidence.unwrap();
        assert_eq!(evidence.callers, ["a", "b"]);
        assert_eq!((evidence.failures, evidence.decisions), (3, 100));
        assert_eq!(evidence.causes, [("trap".to_owned(), 3)]);
        let mut two = FailureWindow::new(start);
        two.add("a", "trap");
        two.add("b", "trap");
        assert_eq!(two.evidence(counts(100, 2), Counts::default()), None);
        let mut alone = FailureWindow::new(start);
        (0..1000).for_each(|_| alone.add("a", "trap"));
        assert_eq!(alone.evidence(counts(1000, 1000), Counts::default()), None);
    }

    #[test]
    fn what_failed_as_often_before_is_no_reason() {
        let tally = failing(Instant::now());
        assert_eq!(tally.evidence(counts(300, 3), counts(1000, 10)), None);
        assert!(tally.evidence(counts(299, 3), counts(1000, 10)).is_some());
    }

    #[test]
    fn old_failures_are_forgotten_and_old_successes_excuse_nothing() {
        let start = Instant::now();
        let mut tally = failing(start);
        let later = |spans: u32| start + spans * SPAN;
        tally.turn(later(1) - Duration::from_nanos(1), counts(50, 3));
        assert!(tally.evidence(counts(60, 3), Counts::default()).is_some());
        tally.turn(later(1), counts(1_000_000, 3));
        assert!(
            tally
                .evidence(counts(1_000_000, 3), Counts::default())
                .is_some()
        );
        tally.turn(later(2), counts(2_000_000, 3));
        assert_eq!(
            tally.evidence(counts(2_000_000, 3), Counts::default()),
            None
        );
        for caller in ["a", "b", "c"] {
            tally.add(caller, "timeout");
        }
        let evidence = tally.evidence(counts(2_000_010, 6), counts(10, 2));
        assert_eq!(evidence, None, "it is three of a million and ten");
        tally.turn(later(3), counts(2_000_010, 6));
        let evidence = tally.evidence(counts(2_000_010, 6), counts(10, 2));
        assert_eq!(evidence.unwrap().decisions, 10);
    }
}
