//! The handle a test holds on a running simulator.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::fault::Fault;
use crate::key::{Key, Secret};
use crate::lock::lock;
use crate::progress::Progress;
use crate::record::Recorded;
use crate::shared::Shared;

/// Looks into a simulator and changes it while it runs.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// No key of the tenant has this id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no key `{0}`")]
pub struct UnknownKey(pub String);

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The newest requests in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.recorder.all()
    }

    /// How many requests arrived since the start or the last [`clear`](Self::clear).
    #[must_use]
    pub fn requests_seen(&self) -> usize {
        self.shared.progress.borrow().requests
    }

    /// Counters to wait on: `handle.progress().wait_for(|now| now.bodies == 2)`.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.shared.progress.subscribe()
    }

    /// Forgets recorded requests, faults not yet taken and past counts. Keys, conversations and files stay.
    pub fn clear(&self) {
        self.shared.recorder.clear();
        lock(&self.shared.faults).clear();
        self.shared.progress.send_modify(Progress::clear);
    }

    /// Adds a key, or replaces the one with its id.
    pub fn add_key(&self, key: Key) {
        let mut keys = lock(&self.shared.keys);
        keys.retain(|known| known.id != key.id);
        keys.push(key);
    }

    /// Gives a key another secret; the old one is refused from now on. What belongs to the key stays its own.
    ///
    /// # Errors
    /// If there is no such key.
    pub fn rotate_key(&self, id: &str, new_secret: &str) -> Result<(), UnknownKey> {
        let mut keys = lock(&self.shared.keys);
        let key = keys
            .iter_mut()
            .find(|key| key.id == id)
            .ok_or_else(|| UnknownKey(id.to_owned()))?;
        key.secret = Secret::new(new_secret);
        Ok(())
    }

    /// Removes a key; keys linked to it lose what it granted.
    ///
    /// # Errors
    /// If there is no such key.
    pub fn revoke(&self, id: &str) -> Result<(), UnknownKey> {
        let mut keys = lock(&self.shared.keys);
        let index = keys
            .iter()
            .position(|key| key.id == id)
            .ok_or_else(|| UnknownKey(id.to_owned()))?;
        keys.remove(index);
        Ok(())
    }

    /// The next request meets this fault; several wait in a queue, one for each request.
    pub fn fail_next(&self, fault: Fault) {
        lock(&self.shared.faults).push_back((None, fault));
    }

    /// The next request to this path (`/api/tenant/v1/…`) meets this fault.
    pub fn fail_next_at(&self, path: &str, fault: Fault) {
        lock(&self.shared.faults).push_back((Some(path.to_owned()), fault));
    }

    /// Lets the answers go on that [`Fault::Stall`] holds now.
    pub fn release_stalled(&self) {
        self.shared.releases.send_modify(|count| *count += 1);
    }

    /// Holds every stream that begins from now on after its first event, until the hold is dropped.
    #[must_use]
    pub fn hold_streams(&self) -> StreamHold {
        let permits = Arc::new(Semaphore::new(0));
        *lock(&self.shared.hold) = Some(Arc::clone(&permits));
        StreamHold {
            shared: Arc::clone(&self.shared),
            permits,
        }
    }
}

/// Streams wait while this lives; see [`Handle::hold_streams`].
#[derive(Debug)]
pub struct StreamHold {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
}

impl StreamHold {
    /// Lets this many more events pass, in all held streams together.
    pub fn release(&self, events: usize) {
        self.permits.add_permits(events);
    }
}

impl Drop for StreamHold {
    fn drop(&mut self) {
        // A closed semaphore lets everything pass.
        self.permits.close();
        let mut hold = lock(&self.shared.hold);
        if hold
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held, &self.permits))
        {
            *hold = None;
        }
    }
}
