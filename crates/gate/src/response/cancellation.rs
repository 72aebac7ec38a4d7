//! Ends the wait for GT, and a response that is being passed on: when the key's time is over, or an
//! operator ends the responses of a policy.
//!
//! Nobody is called: whoever carries a response looks here every so often.

use std::sync::Arc;
use std::time::{Duration, Instant};

use signalbox_runtime::GenerationStats;

use crate::auth::keyring::Key;
use crate::gate::Gate;
use crate::response::abort_reason::AbortReason;

/// Whether a response may go on: its key may still be used, and nobody ended the responses of the
/// policy that decided it.
#[derive(Debug)]
pub(crate) struct Cancellation {
    gate: Arc<Gate>,
    key: Arc<Key>,
    /// What decided it: its counts and its switch, none of its code.
    served: Arc<GenerationStats>,
    looked: Instant,
}

impl Cancellation {
    /// `looked` is when the key was last found to be usable, or before.
    pub(crate) fn new(
        gate: &Arc<Gate>,
        key: &Arc<Key>,
        served: &Arc<GenerationStats>,
        looked: Instant,
    ) -> Self {
        Self {
            gate: Arc::clone(gate),
            key: Arc::clone(key),
            served: Arc::clone(served),
            looked,
        }
    }

    /// Looks, unless it did a moment ago.
    pub(crate) fn look_if_due(&mut self, now: Instant) -> Option<AbortReason> {
        if now.saturating_duration_since(self.looked) < LOOK {
            return None;
        }
        self.look(now)
    }

    /// Why the response is to end now, if it is.
    pub(crate) fn look(&mut self, now: Instant) -> Option<AbortReason> {
        self.looked = now;
        let time = self.gate.clock().wall();
        if !self.gate.authenticator().still_admits(&self.key, time) {
            return Some(AbortReason::Key);
        }
        self.served.is_cut().then_some(AbortReason::Cut)
    }
}

/// What is to end is cut within five seconds: a changed keyring is noticed in two, and looked at
/// here in as many.
pub const LOOK: Duration = Duration::from_secs(2);
