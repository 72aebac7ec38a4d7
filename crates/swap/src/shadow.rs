//! The thread that asks shadows, and what it finds.
//!
//! A question that does not fit in the queue is not asked, and neither is one for which there is no
//! processor time left: requests never wait for a shadow. Both are counted.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::Receiver,
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use signalbox_policy::{Decision, ListMode, RequestedModel};
use signalbox_runtime::{Generation, Plugin, RequestBuf, Share};

use crate::{
    Difference, DifferenceKind, Evidence, LiveAnswer, Sample, ShadowOrder,
    access::listed,
    compare::{differences, excerpt, words},
    keeper::Mail,
    shared::{Shared, lock},
};

/// A request for a shadow to decide, and what was decided.
#[derive(Debug)]
pub struct Question {
    /// The shadow.
    pub shadow: Arc<Generation>,
    /// The request, as what serves was asked.
    pub request: RequestBuf,
    /// What it answered.
    pub live: LiveAnswer,
    /// The route of what serves, as `METHOD template`; empty if it knows none.
    pub route: String,
}

/// What goes to the thread.
pub(crate) enum Asked {
    Question(Box<Question>),
    Stop,
}

/// Questions that may wait; each holds a request's head.
pub(crate) const QUESTIONS: usize = 256;

/// What was found about one shadow.
#[derive(Debug)]
pub(crate) struct Shadowed {
    order: ShadowOrder,
    live: Plugin,
    skipped: AtomicU64,
    /// Behind one lock, so that nobody sees a comparison without what it found.
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    compared: u64,
    /// Since the last difference that is not accepted.
    clean: u64,
    differences: BTreeMap<(String, DifferenceKind), u64>,
    /// The oldest first.
    samples: VecDeque<Sample>,
}

/// What was found about a shadow, all of one instant.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Requests it was asked about.
    pub(crate) compared: u64,
    /// Those since the last difference that is not accepted.
    pub(crate) clean: u64,
    pub(crate) differences: Vec<Difference>,
    /// The newest first.
    pub(crate) samples: Vec<Sample>,
}

impl Shadowed {
    pub(crate) fn new(order: ShadowOrder, live: &Plugin) -> Arc<Self> {
        Arc::new(Self {
            order,
            live: live.clone(),
            skipped: AtomicU64::new(0),
            seen: Mutex::default(),
        })
    }

    pub(crate) const fn order(&self) -> &ShadowOrder {
        &self.order
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    pub(crate) fn skip(&self) {
        self.skipped.fetch_add(1, Relaxed);
    }

    pub(crate) fn findings(&self) -> Findings {
        let seen = lock(&self.seen);
        let difference = |((route, kind), count): (&(String, DifferenceKind), &u64)| Difference {
            accepted: self.accepts(route, *kind),
            route: route.clone(),
            kind: *kind,
            count: *count,
        };
        Findings {
            compared: seen.compared,
            clean: seen.clean,
            differences: seen.differences.iter().map(difference).collect(),
            samples: seen.samples.iter().rev().cloned().collect(),
        }
    }

    fn clean(&self) -> u64 {
        lock(&self.seen).clean
    }

    /// What speaks for letting it serve, if that was ordered and there is enough.
    pub(crate) fn has_proved_itself(&self) -> Option<Evidence> {
        let wanted = self.order.promote_after?;
        let clean = self.clean();
        (clean >= wanted).then(|| Evidence {
            rule: format!("{wanted} requests without a difference that is not accepted"),
            callers: Vec::new(),
            failures: 0,
            decisions: clean,
            failures_before_ppm: 0,
            causes: Vec::new(),
        })
    }

    fn accepts(&self, route: &str, kind: DifferenceKind) -> bool {
        let mut accepted = self.order.accept.iter();
        accepted.any(|accept| accept.covers(route, kind))
    }

    fn note(&self, question: &Question, kinds: &[DifferenceKind], candidate: Option<&Decision>) {
        let route = &question.route;
        let is_accepted = kinds.iter().all(|kind| self.accepts(route, *kind));
        let mut seen = lock(&self.seen);
        seen.compared += 1;
        seen.clean = if is_accepted { seen.clean + 1 } else { 0 };
        for kind in kinds {
            seen.count(route, *kind);
            if seen.samples.len() == SAMPLES {
                seen.samples.pop_front();
            }
            seen.samples.push_back(sample(question, *kind, candidate));
        }
    }
}

impl Seen {
    fn count(&mut self, route: &str, kind: DifferenceKind) {
        let key = (route.to_owned(), kind);
        if let Some(count) = self.differences.get_mut(&key) {
            *count += 1;
            return;
        }
        // A policy describes as many routes; what else is said to be one must not fill memory.
        let key = if self.differences.len() < MOST_DIFFERENCES {
            key
        } else {
            ("(others)".to_owned(), kind)
        };
        *self.differences.entry(key).or_default() += 1;
    }
}

/// A request in words. A path may hold ids of conversations and files, which open them: a template
/// stands for it, and of a path without one only its beginning.
fn sample(question: &Question, kind: DifferenceKind, candidate: Option<&Decision>) -> Sample {
    let live = match &question.live {
        LiveAnswer::Decided(decision) => words(decision),
        LiveAnswer::Failed(cause) => format!("failed: {cause}"),
    };
    let (request, model) = question.request.view(|request| {
        let model = match request.model {
            RequestedModel::Named(name) => Some(excerpt(name)),
            RequestedModel::Absent | RequestedModel::Unread => None,
        };
        let by_candidate = match candidate {
            Some(Decision::Forward(forward)) => Some(forward.route.as_str()),
            _ => None,
        };
        let known = Some(question.route.as_str()).filter(|route| !route.is_empty());
        let shown = known.or(by_candidate).map_or_else(
            || {
                let beginning: Vec<_> = request.path.split('/').take(3).collect();
                excerpt(&format!("{} {}/…", request.method, beginning.join("/")))
            },
            str::to_owned,
        );
        (shown, model)
    });
    Sample {
        at: Timestamp::now(),
        kind,
        caller: question.request.caller().id.clone(),
        request,
        model,
        live,
        candidate: candidate.map_or_else(|| "failed".to_owned(), words),
    }
}

pub(crate) fn run(shared: &Shared, questions: &Receiver<Asked>) {
    let mut allowance = Allowance::new(shared.settings.shadow_cpu, Instant::now());
    while let Ok(Asked::Question(question)) = questions.recv() {
        let book = shared.book();
        let shadow = &question.shadow;
        let Some(shadowed) = book.shadowed(shadow.name(), shadow.number()) else {
            continue;
        };
        if !allowance.has_some(Instant::now()) {
            shadowed.skip();
            continue;
        }
        let before = processor_time();
        ask(shared, shadowed, &question);
        allowance.spend(processor_time().saturating_sub(before));
    }
}

fn ask(shared: &Shared, shadowed: &Shadowed, question: &Question) {
    let shadow = &question.shadow;
    let decide = || question.request.view(|request| shadow.decide(request));
    // After a panic nothing of the call is used again: its instance goes with it.
    let outcome = catch_unwind(AssertUnwindSafe(decide));
    let (candidate, cause) = match outcome {
        Ok(Ok(decision)) => (Some(decision), None),
        Ok(Err(error)) if error.is_guest_failure() => (None, Some(error.cause())),
        // It could not be asked.
        Ok(Err(_)) => return shadowed.skip(),
        Err(_panic) => (None, Some("panicked")),
    };
    if let Some(cause) = cause {
        let caller = question.request.caller().id.clone();
        let served = Arc::clone(shadow.served());
        // A full letter box knows enough.
        let _ = shared.keeper.try_send(Mail::Failed(served, caller, cause));
    }
    let kinds = differences(&question.live, candidate.as_ref(), || {
        same_list(shadowed, question, candidate.as_ref())
    });
    shadowed.note(question, &kinds, candidate.as_ref());
    let proved = shadowed.order.promote_after;
    if proved.is_some_and(|wanted| shadowed.clean() == wanted) {
        shared.wake();
    }
}

/// Whether two lists show the caller the same names, in the same way.
fn same_list(shadowed: &Shadowed, question: &Question, candidate: Option<&Decision>) -> bool {
    let (LiveAnswer::Decided(Decision::ListModels(live)), Some(Decision::ListModels(shadow))) =
        (&question.live, candidate)
    else {
        return false;
    };
    let are_upstream = [live, shadow].map(|mode| *mode == ListMode::Upstream);
    let caller = question.request.caller();
    let shown = |plugin, mode| {
        let names = listed(plugin, caller, mode);
        let published = |name: String| {
            let entry = Plugin::catalogue(plugin).get(&name);
            (entry.map(|entry| entry.published.clone()), name)
        };
        names.into_iter().map(published).collect::<Vec<_>>()
    };
    are_upstream[0] == are_upstream[1]
        && shown(&shadowed.live, live) == shown(question.shadow.plugin(), shadow)
}

/// Processor time that may be used: a share of the time that passes, and a little ahead.
#[derive(Debug)]
struct Allowance {
    share: Share,
    /// What is left, in nanoseconds; below zero after a decision that took more than was left.
    left: i128,
    at: Instant,
}

impl Allowance {
    const fn new(share: Share, now: Instant) -> Self {
        Self {
            share,
            left: AHEAD.as_nanos().cast_signed(),
            at: now,
        }
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
const MOST_DIFFERENCES: usize = 512;
const SAMPLES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowance_grows_with_time_and_no_further_than_ahead() {
        let start = Instant::now();
        let share = Share::of_ten_thousand(2_500).unwrap();
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

    #[test]
    fn differences_are_bounded_however_many_routes_there_are() {
        let mut seen = Seen::default();
        for number in 0..2 * MOST_DIFFERENCES {
            seen.count(&format!("GET /v1/{number}"), DifferenceKind::Wider);
        }
        assert_eq!(seen.differences.len(), MOST_DIFFERENCES + 1);
        let others = ("(others)".to_owned(), DifferenceKind::Wider);
        assert_eq!(
            seen.differences.get(&others),
            Some(&(MOST_DIFFERENCES as u64))
        );
    }
}
