//! Whether the host is ready, and what is wrong with it although it is.

mod policies;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use signalbox_swap::error_chain;

pub(crate) use policies::PolicyHealth;

/// How ready the host is. Shared; never held across anything slow.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    serves: bool,
    reasons: BTreeMap<String, String>,
}

/// Where the host is in its life.
///
/// Exhaustive on purpose: readiness must say something of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not listening yet.
    #[default]
    Starting,
    /// Serving.
    Serving,
    /// On its way out: no new connections, please.
    Draining,
}

/// What `/readyz` says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub(crate) struct Readiness {
    /// `ready`, `degraded`, `no_policy`, `starting` or `draining`.
    pub status: &'static str,
    /// Part of the host to what is wrong with it; it goes on with what worked last.
    pub reasons: BTreeMap<String, String>,
}

impl Health {
    /// Says where the host is.
    pub(crate) fn enter(&self, phase: Phase) {
        self.with(|state| state.phase = phase);
    }

    /// Says that a policy serves. From then on one always does.
    pub(crate) fn serves(&self) {
        self.with(|state| state.serves = true);
    }

    /// Says what is wrong with a part, in words that may be shown to anyone.
    pub(crate) fn degrade(&self, part: &str, reason: String) {
        self.with(|state| state.reasons.insert(part.to_owned(), reason));
    }

    /// Says what is wrong with a part, with all its causes on one line.
    pub(crate) fn degrade_by(&self, part: &str, error: &dyn Error) {
        self.degrade(part, error_chain(error));
    }

    /// Says that a part is well again.
    pub(crate) fn recover(&self, part: &str) {
        self.with(|state| state.reasons.remove(part));
    }

    /// What `/readyz` says.
    #[must_use]
    pub(crate) fn readiness(&self) -> Readiness {
        self.with(|state| Readiness {
            status: match state.phase {
                Phase::Starting => "starting",
                Phase::Draining => "draining",
                Phase::Serving if !state.serves => "no_policy",
                Phase::Serving if state.reasons.is_empty() => "ready",
                Phase::Serving => "degraded",
            },
            reasons: state.reasons.clone(),
        })
    }

    /// A panic between two assignments cannot leave this state wrong, so poison is not an error.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Readiness {
    /// Whether requests should come: also while something is wrong, since all that was loaded
    /// before goes on.
    #[must_use]
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.status, "ready" | "degraded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_phase_and_reasons() {
        let health = Health::default();
        let status = || (health.readiness().status, health.readiness().is_ready());
        assert_eq!(status(), ("starting", false));
        health.degrade("keys", "broken".to_owned());
        assert_eq!(status(), ("starting", false));
        health.enter(Phase::Serving);
        assert_eq!(status(), ("no_policy", false));
        health.serves();
        assert_eq!(status(), ("degraded", true));
        assert_eq!(health.readiness().reasons["keys"], "broken");
        health.recover("keys");
        assert_eq!(status(), ("ready", true));
        health.enter(Phase::Draining);
        assert_eq!(status(), ("draining", false));
    }

    #[test]
    fn a_reason_has_every_cause() {
        let health = Health::default();
        let error = signalbox_gate::keyring::Keyring::parse("keys: [{id: a}]").unwrap_err();
        health.degrade_by("keys", &error);
        let reason = &health.readiness().reasons["keys"];
        assert_eq!(
            reason,
            "1:9: the keyring cannot be read: missing field `models`"
        );
    }
}
