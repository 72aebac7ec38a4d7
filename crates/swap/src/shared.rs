//! What the doors, the controller and the shadow's thread share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::SyncSender,
    },
    time::Instant,
};

use arc_swap::ArcSwap;
use signalbox_policy::Description;
use signalbox_runtime::{
    Conflict, Generation, GenerationStats, Prepared, RequestBuf, Runtime, Slot,
};

use crate::{
    Entry, Outcome, Settings, auto_rollback,
    edit::Edits,
    event::Event,
    lock::lock,
    policy_state::PolicyState,
    shadow::{Asked, FailedQuestion, Shadowed},
    snapshot::Snapshot,
    transaction_recorder::TransactionRecorder,
};

pub(crate) struct Shared {
    pub(crate) runtime: Runtime,
    pub(crate) settings: Settings,
    pub(crate) slot: Slot,
    /// Replaced whole, by who holds `storing`.
    book: ArcSwap<Snapshot>,
    storing: Mutex<()>,
    /// One component is compiled at a time: requests need the other cores.
    loading: Mutex<()>,
    /// Transactions that prepare candidates.
    pub(crate) preparing: AtomicUsize,
    cases: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) events: SyncSender<Event>,
    pub(crate) shadows: SyncSender<Asked>,
    /// Whether the book has changed since it was written down.
    pub(crate) unwritten: AtomicBool,
}

impl Shared {
    pub(crate) fn new(
        runtime: Runtime,
        settings: Settings,
        book: Snapshot,
        events: SyncSender<Event>,
        shadows: SyncSender<Asked>,
    ) -> Self {
        Self {
            runtime,
            slot: Slot::numbered_from(book.last_generation),
            book: ArcSwap::from_pointee(book),
            storing: Mutex::default(),
            loading: Mutex::default(),
            preparing: AtomicUsize::new(0),
            cases: Mutex::new(settings.cases.clone()),
            settings,
            events,
            shadows,
            unwritten: AtomicBool::new(false),
        }
    }

    /// What is remembered now.
    pub(crate) fn book(&self) -> Arc<Snapshot> {
        self.book.load_full()
    }

    /// The right to replace the book, and to store. Not held while anything is prepared.
    pub(crate) fn storing(&self) -> MutexGuard<'_, ()> {
        lock(&self.storing)
    }

    pub(crate) fn loading(&self) -> MutexGuard<'_, ()> {
        lock(&self.loading)
    }

    /// Only by who holds `storing`.
    pub(crate) fn replace(&self, book: Snapshot) {
        self.book.store(Arc::new(book));
        self.unwritten.store(true, Ordering::Release);
    }

    /// Changes the book without storing anything.
    pub(crate) fn note<T>(&self, change: impl FnOnce(&mut Snapshot) -> T) -> T {
        let _storing = self.storing();
        let mut book = Snapshot::clone(&self.book());
        let made = change(&mut book);
        self.replace(book);
        made
    }

    /// All but the one atomic store, if the slot still is what the book says. Only by who holds
    /// `storing`.
    pub(crate) fn prepare(&self, book: &Snapshot, edits: &Edits) -> Result<Prepared<'_>, Conflict> {
        let policies = self.slot.load();
        for (name, _) in &edits.edits {
            let found = policies.get(name).map(|lane| lane.live().number());
            let live = |standing: &PolicyState| Some(standing.live.as_ref()?.number());
            let expected = book.policies.get(name).and_then(live);
            if expected != found {
                let name = name.clone();
                return Err(Conflict::Live {
                    name,
                    expected,
                    found,
                });
            }
        }
        self.slot.prepare(&policies, edits.change())
    }

    /// The end of a transaction that changed nothing.
    pub(crate) fn close(&self, walk: &TransactionRecorder<'_>, outcome: Outcome) -> Entry {
        let entry = self.note(|book| {
            let entry = Arc::new(walk.entry(book.last_entry + 1, outcome));
            book.record(Arc::clone(&entry));
            entry
        });
        self.announce(&entry);
        self.wake();
        Arc::unwrap_or_clone(entry)
    }

    /// What was found about a shadow, if it is still there.
    pub(crate) fn shadowed(&self, shadow: &Generation) -> Option<Arc<Shadowed>> {
        let book = self.book();
        book.shadowed(shadow.name(), shadow.number()).cloned()
    }

    /// Puts a request that a generation failed to what would decide in its place, if that may come
    /// about.
    pub(crate) fn ask_again(
        &self,
        asked: &Arc<GenerationStats>,
        question: impl FnOnce(&Description) -> Option<RequestBuf>,
    ) {
        let book = self.book();
        let standing = book.policies.get(asked.name());
        let instead = standing.and_then(|it| auto_rollback::instead_of(it, asked.number()));
        let Some(instead) = instead else { return };
        let Some(request) = question(instead.plugin.description()) else {
            return;
        };
        let failed = FailedQuestion {
            failed: Arc::clone(asked),
            at: Instant::now(),
            instead: instead.plugin.clone(),
            request,
        };
        // What does not fit is no evidence.
        let _ = self.shadows.try_send(Asked::Again(Box::new(failed)));
    }

    /// The operator's cases for a policy.
    pub(crate) fn cases(&self, name: &str) -> Option<Vec<u8>> {
        lock(&self.cases).get(name).cloned()
    }

    pub(crate) fn set_cases(&self, cases: BTreeMap<String, Vec<u8>>) {
        *lock(&self.cases) = cases;
    }

    /// Lets the observer and the log hear of an entry.
    pub(crate) fn announce(&self, entry: &Entry) {
        crate::history::log(entry);
        (self.settings.observer)(entry);
    }

    /// Lets the controller look around.
    pub(crate) fn wake(&self) {
        // A full queue wakes it as well.
        let _ = self.events.try_send(Event::Look);
    }
}
