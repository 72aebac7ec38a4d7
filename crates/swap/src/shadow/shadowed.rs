//! What was found about one shadow.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use jiff::Timestamp;
use signalbox_policy::RequestedModel;
use signalbox_runtime::Plugin;

use super::Question;
use crate::{
    Difference, DifferenceKind, Evidence, LiveAnswer, PolicyAnswer, Sample, ShadowOrder,
    compare::{excerpt, words},
    lock::lock,
};

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

    pub(super) const fn live(&self) -> &Plugin {
        &self.live
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

    pub(super) fn clean(&self) -> u64 {
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

    pub(super) fn note(
        &self,
        question: &Question,
        kinds: &[DifferenceKind],
        candidate: Option<&PolicyAnswer>,
    ) {
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
fn sample(question: &Question, kind: DifferenceKind, candidate: Option<&PolicyAnswer>) -> Sample {
    let live = match &question.live {
        LiveAnswer::Decided(answer) => words(answer),
        LiveAnswer::Failed(cause) => format!("failed: {cause}"),
    };
    let (request, model) = question.request.view(|request| {
        let model = match request.model {
            RequestedModel::Named(name) => Some(excerpt(name)),
            RequestedModel::Absent | RequestedModel::Unread => None,
        };
        let by_candidate = candidate.and_then(|answer| answer.route.as_deref());
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

const MOST_DIFFERENCES: usize = 512;
const SAMPLES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

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
