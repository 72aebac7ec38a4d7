//! What connections, the handle and the simulator share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base16ct::HexDisplay;
use http::HeaderMap;
use tokio::sync::{Semaphore, watch};

use crate::access::Access;
use crate::bounded::Bounded;
use crate::fault::Fault;
use crate::key::Key;
use crate::lock::lock;
use crate::progress::Progress;
use crate::record::Recorder;
use crate::refusal::Refusal;
use crate::tenant::Tenant;

#[derive(Debug)]
pub(crate) struct Shared {
    /// As bound; its keys move to `keys`, which change.
    pub(crate) tenant: Tenant,
    pub(crate) keys: Mutex<Vec<Key>>,
    pub(crate) conversations: Mutex<Bounded<Conversation>>,
    pub(crate) files: Mutex<Bounded<File>>,
    pub(crate) faults: Mutex<VecDeque<(Option<String>, Fault)>>,
    pub(crate) recorder: Recorder,
    pub(crate) progress: watch::Sender<Progress>,
    /// What streams take a permit of, if a test holds them.
    pub(crate) hold: Mutex<Option<Arc<Semaphore>>>,
    /// Counts the calls of `Handle::release_stalled`.
    pub(crate) releases: watch::Sender<u64>,
    pub(crate) closing: watch::Sender<bool>,
    answers: AtomicU64,
}

/// A conversation and what was said in it.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) key: String,
    pub(crate) turns: usize,
    pub(crate) first_message: String,
}

/// An uploaded file; its bytes are gone.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) sha256: String,
    pub(crate) created: u64,
    pub(crate) polls_left: u32,
}

impl Shared {
    pub(crate) fn new(mut tenant: Tenant) -> Self {
        Self {
            keys: Mutex::new(std::mem::take(&mut tenant.keys)),
            conversations: Mutex::new(Bounded::new()),
            files: Mutex::new(Bounded::new()),
            faults: Mutex::default(),
            recorder: Recorder::new(tenant.recorded_requests),
            progress: watch::Sender::default(),
            hold: Mutex::default(),
            releases: watch::Sender::default(),
            closing: watch::Sender::default(),
            answers: AtomicU64::new(0),
            tenant,
        }
    }

    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<Access, Refusal> {
        Access::of(headers, &lock(&self.keys))
    }

    /// The fault waiting for a request to this path, oldest first.
    pub(crate) fn take_fault(&self, path: &str) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let meant =
            |(only, _): &(Option<String>, Fault)| only.as_deref().is_none_or(|only| only == path);
        let index = faults.iter().position(meant)?;
        faults.remove(index).map(|(_, fault)| fault)
    }

    /// A number no other answer has.
    pub(crate) fn answer_number(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns once the simulator is asked to stop.
    pub(crate) async fn closed(self: Arc<Self>) {
        let mut closing = self.closing.subscribe();
        // An error means that the sender is gone, which is as good as closed.
        let _stopped = closing.wait_for(|closing| *closing).await;
    }
}

pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// An id nobody guesses: knowing it is part of the right to use it.
pub(crate) fn random_id(prefix: &str) -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::no_randomness())?;
    Ok(format!("{prefix}{}", hex(&bytes)))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    format!("{:x}", HexDisplay(bytes))
}
