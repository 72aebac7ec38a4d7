//! What is left to know of a generation when its code and instances are gone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use signalbox_policy::Decision;

use crate::{ActiveCallers, DecideError, Digest, active_callers::CallerBits};

/// What a generation is called and what it did. Small: an answer may hold it for hours, and keeps
/// neither code nor instances alive with it.
///
/// Its decisions are counted by how they ended, so whoever reads [`Self::counts`] never sees a failure
/// without its decision, nor a decision whose failure is still to be counted.
#[derive(Debug)]
pub struct GenerationStats {
    number: u64,
    name: String,
    digest: Digest,
    failures: AtomicU64,
    refusals: AtomicU64,
    /// All other decisions.
    others: AtomicU64,
    callers: CallerBits,
    open: AtomicU64,
    is_cut: AtomicBool,
    is_freed: AtomicBool,
}

/// What a generation was asked so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often it was asked, with or without success.
    pub decisions: u64,
    /// How often the guest failed when it was asked. What is the host's fault is none of these.
    pub failures: u64,
    /// How often it refused.
    pub refusals: u64,
}

impl GenerationStats {
    pub(crate) fn new(number: u64, name: String, digest: Digest) -> Self {
        Self {
            number,
            name,
            digest,
            failures: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            others: AtomicU64::new(0),
            callers: CallerBits::new(),
            open: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
            is_freed: AtomicBool::new(false),
        }
    }

    /// The generation's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The name it serves under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the component's bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// How often it was asked, and how that ended.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let failures = self.failures.load(Relaxed);
        let refusals = self.refusals.load(Relaxed);
        Counts {
            decisions: failures + refusals + self.others.load(Relaxed),
            failures,
            refusals,
        }
    }

    /// Who asked it since [`Self::take_active_callers`].
    #[must_use]
    pub fn active_callers(&self) -> ActiveCallers {
        self.callers.active()
    }

    /// Who asked it so far; the count starts afresh.
    #[must_use]
    pub fn take_active_callers(&self) -> ActiveCallers {
        self.callers.take()
    }

    /// Notes that an answer which this generation decided is under way, until what it gives is
    /// dropped.
    pub fn open(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Relaxed);
        Open(Arc::clone(self))
    }

    /// Answers under way that it decided.
    #[must_use]
    pub fn open_count(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Asks for its open answers to end now. Whoever carries them looks at [`Self::is_cut`].
    pub fn cut(&self) {
        self.is_cut.store(true, Relaxed);
    }

    /// Whether its open answers are to end now.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Relaxed)
    }

    /// Whether the generation and its instances are gone. Its code is too, unless somebody keeps
    /// its plugin to go back to.
    #[must_use]
    pub fn is_freed(&self) -> bool {
        self.is_freed.load(Relaxed)
    }

    pub(crate) fn count(&self, caller: &str, outcome: Result<&Decision, &DecideError>) {
        self.callers.note(caller);
        let count = match outcome {
            Ok(Decision::Refuse(_)) => &self.refusals,
            Err(error) if error.is_guest_failure() => &self.failures,
            _ => &self.others,
        };
        count.fetch_add(1, Relaxed);
    }
}

/// An answer under way; it is counted until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Open(Arc<GenerationStats>);

impl Open {
    /// What decided the answer.
    #[must_use]
    pub const fn served(&self) -> &Arc<GenerationStats> {
        &self.0
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// Says that a generation is gone when it is dropped: the last part of one.
#[derive(Debug)]
pub(crate) struct LivenessGuard(pub(crate) Arc<GenerationStats>);

impl Drop for LivenessGuard {
    fn drop(&mut self) {
        self.0.is_freed.store(true, Relaxed);
    }
}
