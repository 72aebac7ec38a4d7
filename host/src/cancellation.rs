//! Cancellation of what a request waits for or passes on: by the end of its key, or by an operator
//! who ends the answers of a policy.
//!
//! Nobody is called: whoever carries an answer looks here every so often.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use signalbox_runtime::Served;
use tokio::time::{Instant, timeout};

use crate::abort_reason::BrokenOff;
use crate::keyring::Key;
use crate::keys::Keys;

/// Whether an answer may go on: its key may still be used, and nobody ended the answers of the
/// policy that decided it.
#[derive(Debug)]
pub(crate) struct Cancellation {
    keys: Arc<Keys>,
    key: Arc<Key>,
    /// What decided it: its counts and its switch, none of its code.
    served: Arc<Served>,
    looked: Instant,
}

impl Cancellation {
    pub(crate) fn new(keys: &Arc<Keys>, key: &Arc<Key>, served: &Arc<Served>) -> Self {
        Self {
            keys: Arc::clone(keys),
            key: Arc::clone(key),
            served: Arc::clone(served),
            looked: Instant::now(),
        }
    }

    /// Looks, unless it did a moment ago.
    pub(crate) fn look_if_due(&mut self, now: Instant) -> Option<BrokenOff> {
        if now - self.looked < LOOK {
            return None;
        }
        self.look()
    }

    /// Why the answer is to end now, if it is.
    pub(crate) fn look(&mut self) -> Option<BrokenOff> {
        self.looked = Instant::now();
        if !self.keys.still_admits(&self.key, Timestamp::now()) {
            return Some(BrokenOff::Key);
        }
        self.served.is_cut().then_some(BrokenOff::Cut)
    }
}

/// Waits for GT, unless the operator ends the answers of the policy that let the request through.
///
/// # Errors
/// If that happens first.
pub(crate) async fn unless_cut<T>(
    served: &Served,
    wait: impl Future<Output = T>,
) -> Result<T, BrokenOff> {
    let mut wait = pin!(wait);
    loop {
        match timeout(LOOK, wait.as_mut()).await {
            Ok(come) if !served.is_cut() => return Ok(come),
            Err(_elapsed) if !served.is_cut() => {}
            _ => return Err(BrokenOff::Cut),
        }
    }
}

/// What is to end is cut within five seconds: a changed keyring is noticed in two, and looked at
/// here in as many.
pub(crate) const LOOK: Duration = Duration::from_secs(2);
