//! What the log hears of policies that fail, or refuse far more than before: once, when it begins.

use std::collections::{BTreeMap, BTreeSet};

use tracing::{info, warn};

use crate::{Alarm, auto_rollback, history::TARGET, policy_state::Live};

/// The alarms that were raised.
#[derive(Default)]
pub(super) struct Alarms {
    /// For which generation of a policy, by name.
    failing: BTreeMap<String, u64>,
    /// Generations of which it was said that they refuse more than what served before.
    refusing: BTreeSet<u64>,
}

impl Alarms {
    /// A policy fails and nothing is done about it, or not any more. Whether that is new.
    pub(super) fn tell(&mut self, name: &str, alarm: Option<&Alarm>) -> bool {
        let generation = alarm.map(|alarm| alarm.generation);
        if self.failing.get(name).copied() == generation {
            return false;
        }
        let Some(alarm) = alarm else {
            self.failing.remove(name);
            info!(target: TARGET, policy = name, "the policy is failing no longer");
            return true;
        };
        self.failing.insert(name.to_owned(), alarm.generation);
        let failures = &alarm.failures;
        warn!(
            target: TARGET,
            policy = name, generation = alarm.generation, why = alarm.why,
            failures = failures.failures, decisions = failures.decisions,
            causes = ?failures.causes,
            "the policy is failing and has not been rolled back"
        );
        true
    }

    /// Refusals alarm, and nothing else is done about them.
    pub(super) fn refusals(&mut self, name: &str, live: &Live) {
        let before = auto_rollback::before(live).map(|before| before.served.counts());
        let jump =
            before.and_then(|before| auto_rollback::refuses_more(live.served.counts(), before));
        if let Some((refused_ppm, before_ppm)) = jump
            && self.refusing.insert(live.number())
        {
            warn!(
                target: TARGET,
                policy = name, generation = live.number(), refused_ppm, before_ppm,
                "it refuses far more than what served before: look whether that is meant"
            );
        }
    }

    /// Keeps what is about generations that are still there.
    pub(super) fn forget(&mut self, is_here: impl Fn(&u64) -> bool) {
        self.refusing.retain(is_here);
    }
}
