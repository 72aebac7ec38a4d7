//! What failed of a generation lately, and whether that is enough to act on.
//!
//! Only what is recent counts, failures and decisions alike: three odd failures in a month say
//! nothing, and a policy that begins to fail after a month is not excused by it. Time comes in as an
//! argument.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use signalbox_runtime::{ActiveCallers, Counts};

use super::ppm;
use crate::{Evidence, Failures};

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
    causes: BTreeMap<&'static str, u64>,
    differing: BTreeMap<String, Differing>,
    /// Who asked in it, once it is over.
    active: ActiveCallers,
}

/// Failures of one key that what would decide in its place answers.
#[derive(Clone, Copy, Debug)]
struct Differing {
    times: u64,
    first: Instant,
    last: Instant,
}

impl FailureWindow {
    /// One that counts from a generation's first decision.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            before: None,
            now: Span::new(now, Counts::default()),
        }
    }

    /// The guest failed.
    pub(crate) fn failed(&mut self, cause: &'static str) {
        self.now.failures += 1;
        *self.now.causes.entry(cause).or_default() += 1;
    }

    /// It failed this caller, and what would decide in its place answers.
    pub(crate) fn differed(&mut self, caller: &str, at: Instant) {
        let differing = &mut self.now.differing;
        if let Some(known) = differing.get_mut(caller) {
            known.add(Differing::once(at));
        } else if differing.len() < MOST_KEYS {
            differing.insert(caller.to_owned(), Differing::once(at));
        }
    }

    /// Lets go of what is no longer recent. To be called often, whether anything fails or not.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        counts: Counts,
        active: impl FnOnce() -> ActiveCallers,
    ) {
        if now.duration_since(self.now.began) >= SPAN {
            let mut over = std::mem::replace(&mut self.now, Span::new(now, counts));
            over.active = active();
            self.before = Some(over);
        }
    }

    /// What failed lately, if it is more than chance.
    pub(crate) fn failures(&self, counts: Counts) -> Option<Failures> {
        let from = self.spans().next()?.from;
        // Events may be lost when there are many; the generation's own count has them.
        let told = self.spans().map(|span| span.failures).sum();
        let failures = counts.failures.saturating_sub(from.failures).max(told);
        let decisions = counts.decisions.saturating_sub(from.decisions);
        let mut causes = BTreeMap::new();
        for (cause, count) in self.spans().flat_map(|span| &span.causes) {
            *causes.entry(*cause).or_default() += count;
        }
        (failures >= FEWEST_FAILURES).then(|| Failures {
            failures,
            decisions: decisions.max(failures),
            causes,
        })
    }

    /// What speaks for acting, if it is enough: at least three keys, and a fifth of those that ask,
    /// whose requests have failed for this long where what would decide in its place answers.
    /// `active` are those that asked since the last turn.
    pub(crate) fn evidence(
        &self,
        failures: &Failures,
        before: Counts,
        lasting: Duration,
        active: impl FnOnce() -> ActiveCallers,
    ) -> Option<Evidence> {
        let keys = self.keys_failing_for(lasting);
        if keys.len() < FEWEST_KEYS {
            return None;
        }
        let mut all = active();
        self.spans().for_each(|span| all.add(&span.active));
        if (keys.len() as u64).saturating_mul(SHARE_OF_ACTIVE) < all.count() {
            return None;
        }
        Some(Evidence {
            rule: format!(
                "guest failures: {} of {} active keys ask what fails and the generation before \
                 answers, for at least {} s",
                keys.len(),
                all.count().max(keys.len() as u64),
                lasting.as_secs()
            ),
            callers: keys.into_iter().take(MOST_SHOWN).collect(),
            failures: failures.failures,
            decisions: failures.decisions,
            failures_before_ppm: ppm(before.failures, before.decisions),
            causes: failures
                .causes
                .iter()
                .map(|(cause, count)| ((*cause).to_owned(), *count))
                .collect(),
        })
    }

    fn keys_failing_for(&self, lasting: Duration) -> Vec<String> {
        let mut all: BTreeMap<&str, Differing> = BTreeMap::new();
        for (key, more) in self.spans().flat_map(|span| &span.differing) {
            all.entry(key)
                .and_modify(|known| known.add(*more))
                .or_insert(*more);
        }
        let lasts =
            |it: &Differing| it.times > 1 && it.last.saturating_duration_since(it.first) >= lasting;
        all.into_iter()
            .filter(|(_, differing)| lasts(differing))
            .map(|(key, _)| key.to_owned())
            .collect()
    }

    fn spans(&self) -> impl Iterator<Item = &Span> {
        self.before.iter().chain([&self.now])
    }
}

impl Span {
    fn new(began: Instant, from: Counts) -> Self {
        Self {
            began,
            from,
            failures: 0,
            causes: BTreeMap::new(),
            differing: BTreeMap::new(),
            active: ActiveCallers::default(),
        }
    }
}

impl Differing {
    const fn once(at: Instant) -> Self {
        Self {
            times: 1,
            first: at,
            last: at,
        }
    }

    fn add(&mut self, more: Self) {
        self.times += more.times;
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
    }
}

/// Between one and two of these is "lately": long enough for callers that ask now and then.
const SPAN: Duration = Duration::from_secs(300);
/// Two keys may be in one pair of hands.
const FEWEST_KEYS: usize = 3;
/// One in so many active keys has to be among them: a policy that works for nearly everyone stays.
const SHARE_OF_ACTIVE: u64 = 5;
/// Two may be chance.
const FEWEST_FAILURES: u64 = 3;
/// More than a fifth of all the active callers that are told apart.
const MOST_KEYS: usize = 4096;
/// For people to look at; more help nobody.
const MOST_SHOWN: usize = 32;

#[cfg(test)]
mod tests;
