//! One running guest: a store with its limits, and the calls of the contract.

use std::panic::{AssertUnwindSafe, catch_unwind};

use signalbox_policy::{Decision, Description, Request};
use wasmtime::Store;

use crate::{
    DecideError,
    convert::Lowered,
    guest::{Guest, GuestPre, Page},
    limits::{Bounds, Budget, MemoryLimit, on_tick},
    ticker::Ticker,
};

/// A guest in its store. After any error it is to be dropped: a trapped store answers nothing.
pub(crate) struct Instance {
    store: Store<Bounds>,
    guest: Guest,
    ticker: Ticker,
}

impl Instance {
    /// Makes a fresh instance; the guest's start code runs within `budget`.
    pub(crate) fn start(
        pre: &GuestPre,
        limit: MemoryLimit,
        ticker: &Ticker,
        budget: Budget,
    ) -> Result<Self, DecideError> {
        let mut store = Store::new(pre.engine(), Bounds::new(limit, budget));
        store.limiter(|bounds| bounds);
        store.epoch_deadline_callback(on_tick);
        begin(&mut store, budget);
        let _under_way = ticker.call();
        let started = catch_unwind(AssertUnwindSafe(|| pre.instantiate(&mut store)));
        match started {
            Ok(Ok(guest)) => Ok(Self {
                store,
                guest,
                ticker: ticker.clone(),
            }),
            Ok(Err(error)) => Err(DecideError::of_start(&error, store.data().refused_memory())),
            Err(_) => Err(DecideError::Internal),
        }
    }

    pub(crate) fn decide(
        &mut self,
        request: &Request<'_>,
        asked: &Description,
        budget: Budget,
    ) -> Result<Decision, DecideError> {
        let lowered = Lowered::new(request, asked);
        self.call(budget, |guest, store| guest.decide(store, &lowered, asked))?
            .map_err(DecideError::Contract)
    }

    pub(crate) fn describe(&mut self, budget: Budget) -> Result<Description, DecideError> {
        self.call(budget, Guest::describe)
    }

    pub(crate) fn models(
        &mut self,
        after: Option<&str>,
        limit: u32,
        described: &Description,
        budget: Budget,
    ) -> Result<Page, DecideError> {
        self.call(budget, |guest, store| {
            guest.models(store, after, limit, described)
        })
    }

    /// The one place where a guest is entered. A panic below it is a defect of ours or of the
    /// engine's; it must cost one request and not a worker.
    fn call<T>(
        &mut self,
        budget: Budget,
        enter: impl FnOnce(&Guest, &mut Store<Bounds>) -> wasmtime::Result<T>,
    ) -> Result<T, DecideError> {
        begin(&mut self.store, budget);
        let _under_way = self.ticker.call();
        let (guest, store) = (&self.guest, &mut self.store);
        match catch_unwind(AssertUnwindSafe(|| enter(guest, store))) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(DecideError::of_call(
                &error,
                self.store.data().refused_memory(),
            )),
            Err(_) => Err(DecideError::Internal),
        }
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("bounds", self.store.data())
            .finish_non_exhaustive()
    }
}

fn begin(store: &mut Store<Bounds>, budget: Budget) {
    store.data_mut().begin(budget);
    store.set_hostcall_fuel(budget.answer);
    // The next tick calls `on_tick`, which does the rest.
    store.set_epoch_deadline(1);
}
