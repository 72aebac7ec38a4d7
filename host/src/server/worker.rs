//! What the requests on one worker share.
//!
//! Nothing on a worker is locked: its connections to GT, its phase and its counters are its own. Its
//! thread is in `server/worker_thread.rs`.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::observe::route_counters::RouteCounters;
use crate::server::phase::Phases;
use crate::server::shared::Shared;
use crate::upstream::models::ModelLists;
use crate::upstream::{Upstream, UpstreamLimits};

/// What a worker's requests share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) upstream: Rc<Upstream>,
    pub(crate) phases: Rc<Phases>,
    pub(crate) lists: ModelLists,
    pub(crate) counters: Rc<RouteCounters>,
    requests: Rc<Cell<usize>>,
    /// Bodies of requests without a key that are read to nowhere.
    strangers: Rc<Cell<usize>>,
}

/// One of something that is counted, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Rc<Cell<usize>>);

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, limits: UpstreamLimits) -> Rc<Self> {
        Rc::new(Self {
            upstream: Upstream::new(Arc::clone(&shared.upstream.hosts), limits),
            counters: Rc::new(RouteCounters::new(Arc::clone(&shared.observers.metrics))),
            shared,
            phases: Phases::new(),
            lists: ModelLists::default(),
            requests: Rc::default(),
            strangers: Rc::default(),
        })
    }

    /// Counts a request until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        self.requests.set(self.requests.get() + 1);
        InFlight(Rc::clone(&self.requests))
    }

    /// Counts the body of a request without a key that is read to nowhere, until the guard is
    /// dropped; `None` if there are enough of them.
    pub(crate) fn reads_stranger(&self) -> Option<InFlight> {
        let reading = self.strangers.get();
        (reading < STRANGERS).then(|| {
            self.strangers.set(reading + 1);
            InFlight(Rc::clone(&self.strangers))
        })
    }

    /// How many requests are under way.
    pub(crate) fn requests(&self) -> usize {
        self.requests.get()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A worker reads on for so many at a time whose requests had no key: it is a courtesy.
const STRANGERS: usize = 64;
