//! What is wrong with each policy: one reason each, of what several places know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_swap::{Action, Alarm, Entry, Failure, Outcome, Trigger};

use super::Health;

/// What is wrong with each policy. Says it in readiness as `policy NAME`.
#[derive(Debug, Default)]
pub(crate) struct PolicyHealth {
    health: Arc<Health>,
    troubles: Mutex<BTreeMap<String, Trouble>>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// Nothing serves.
    is_idle: bool,
    /// Why its source is not what serves.
    source: Option<String>,
    /// That it was rolled back automatically.
    rolled_back: Option<String>,
    /// That it fails, and the host does nothing about it.
    failing: Option<String>,
}

impl PolicyHealth {
    pub(crate) fn new(health: Arc<Health>) -> Self {
        Self {
            health,
            troubles: Mutex::default(),
        }
    }

    /// Nothing serves under a name.
    pub(crate) fn is_idle(&self, name: &str) {
        self.change(name, |trouble| trouble.is_idle = true);
    }

    /// The source of a policy does not pass, or cannot be read.
    pub(crate) fn source_failed(&self, name: &str, failure: &Failure) {
        // The whole failure may quote the policy, or a case: the history is not open to anyone.
        let reason = format!(
            "its source fails at the step `{}`; `signalbox history` says why",
            failure.step
        );
        self.change(name, |trouble| trouble.source = Some(reason));
    }

    /// The source of a policy is well.
    pub(crate) fn source_passed(&self, name: &str) {
        self.change(name, |trouble| trouble.source = None);
    }

    /// A policy fails and stays where it is, or that is over.
    pub(crate) fn failing(&self, name: &str, alarm: Option<&Alarm>) {
        // Why it stays may say what it allows: that is for the log.
        let reason = alarm.map(|alarm| {
            format!(
                "generation {} is failing and has not been rolled back; the log says why",
                alarm.generation
            )
        });
        self.change(name, |trouble| trouble.failing = reason);
    }

    /// Hears of every entry of the history.
    pub(crate) fn heard(&self, entry: &Entry) {
        let is_service = matches!(
            entry.action,
            Action::Promote | Action::Rollback | Action::Revoke | Action::Swap
        );
        if entry.outcome != Outcome::Done || !is_service {
            return;
        }
        let is_automatic =
            entry.action == Action::Rollback && entry.actor.way == Trigger::Automatic;
        for changed in entry.policies.iter().filter(|changed| changed.to.is_some()) {
            // Whose requests failed is for the history: readiness is open to anyone.
            let reason = is_automatic.then(|| {
                let from = changed.from.unwrap_or_default();
                format!(
                    "the host rolled back from generation {from} automatically: the policy failed"
                )
            });
            self.health.serves();
            self.change(&changed.name, |trouble| {
                trouble.is_idle = false;
                trouble.rolled_back = reason;
                trouble.failing = None;
            });
        }
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Trouble)) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = troubles.entry(name.to_owned()).or_default();
        change(trouble);
        let part = format!("policy {name}");
        match trouble.reason() {
            Some(reason) => self.health.degrade(&part, reason),
            None => {
                self.health.recover(&part);
                troubles.remove(name);
            }
        }
    }
}

impl Trouble {
    fn reason(&self) -> Option<String> {
        let idle = self.is_idle.then_some("nothing serves");
        let others = [&self.source, &self.rolled_back, &self.failing];
        let others = others.into_iter().map(Option::as_deref);
        let parts: Vec<&str> = [idle].into_iter().chain(others).flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_well_when_nothing_of_it_is_wrong() {
        use signalbox_swap::Step;
        let health = Arc::new(Health::default());
        let policies = PolicyHealth::new(Arc::clone(&health));
        let reason = || health.readiness().reasons.get("policy default").cloned();
        let failure = Failure::new(Step::Cases, None, "case `a` fails", "mend it");
        policies.source_failed("default", &failure);
        policies.is_idle("default");
        assert_eq!(
            reason().as_deref(),
            Some(
                "nothing serves; its source fails at the step `cases`; `signalbox history` says why"
            )
        );
        policies.source_passed("default");
        assert_eq!(reason().as_deref(), Some("nothing serves"));
        policies.change("default", |trouble| trouble.is_idle = false);
        assert_eq!(reason(), None);
    }
}
