//! Whether an answer that is under way may go on.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use signalbox_runtime::Served;
use tokio::time::Instant;

use super::BrokenOff;
use crate::keyring::Key;
use crate::shared::Shared;

/// Whether an answer may go on: its key may still be used, and nobody ended the answers of the
/// policy that decided it.
#[derive(Debug)]
pub(crate) struct Standing {
    shared: Arc<Shared>,
    key: Arc<Key>,
    /// What decided it: its counts and its switch, none of its code.
    served: Option<Arc<Served>>,
    looked: Instant,
}

impl Standing {
    pub(crate) fn new(shared: &Arc<Shared>, key: &Arc<Key>, served: Option<&Arc<Served>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            key: Arc::clone(key),
            served: served.map(Arc::clone),
            looked: Instant::now(),
        }
    }

    /// Looks, unless it did a moment ago.
    pub(super) fn look_if_due(&mut self, now: Instant) -> Option<BrokenOff> {
        if now - self.looked < LOOK {
            return None;
        }
        self.look()
    }

    /// Why the answer is to end now, if it is.
    pub(super) fn look(&mut self) -> Option<BrokenOff> {
        self.looked = Instant::now();
        if !self.shared.keys.still_admits(&self.key, Timestamp::now()) {
            return Some(BrokenOff::Key);
        }
        let served = self.served.as_ref()?;
        served.is_cut().then_some(BrokenOff::Cut)
    }
}

/// What is to end is cut within five seconds: a changed keyring is noticed in two, and looked at
/// here in as many.
pub(crate) const LOOK: Duration = Duration::from_secs(2);
