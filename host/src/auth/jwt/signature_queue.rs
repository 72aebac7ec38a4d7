//! Signatures checked on threads of their own.
//!
//! A check takes up to milliseconds and anybody can ask for one, so none is made on a worker. What
//! waits is bounded and takes turns (`fair_queue.rs`); requests with one token share one check; what
//! nobody waits for any more is not checked at all.

mod fair_queue;
mod pending;

use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, io};

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::observe::metrics::SignatureMetrics;
use pending::{MadeWay, Pending, State, Waiting};

pub(crate) use fair_queue::Line;

/// A signature to be checked.
pub(super) trait Signature: Send + Sync + 'static {
    /// What tells it from others: those with the same are checked once.
    type Id: Eq + Hash + Send;

    fn id(&self) -> Self::Id;

    /// Whether it is right.
    fn check(&self, on: &SignatureThread) -> bool;
}

/// Proof that this is not a worker's thread: only those of the queue have one.
#[derive(Debug)]
pub(super) struct SignatureThread(());

/// How much a queue takes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    pub(super) threads: usize,
    /// How many may wait.
    pub(super) waiting: usize,
    pub(super) longest_wait: Duration,
}

/// Why a signature was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unchecked {
    #[error("too many wait, most of them here")]
    Full,
    #[error("it was not its turn in time")]
    Late,
    #[error("the check was given up")]
    Lost,
}

/// A request that waits. Dropping it gives its place up, so that those in the queue are there.
struct Waiter<'q, S: Signature> {
    queue: &'q Queue<S>,
    line: Line,
    number: u64,
    outcome: watch::Receiver<Option<bool>>,
    place: oneshot::Receiver<MadeWay>,
}

/// Threads that check signatures, and what waits for them. Dropping it ends them.
pub(super) struct SignatureQueue<S: Signature> {
    queue: Arc<Queue<S>>,
    threads: Vec<JoinHandle<()>>,
    longest_wait: Duration,
}

struct Queue<S: Signature> {
    state: Mutex<State<S>>,
    arrived: Condvar,
    metrics: SignatureMetrics,
}

impl<S: Signature> SignatureQueue<S> {
    /// # Errors
    /// If a thread is not to be had.
    pub(super) fn start(limits: QueueLimits, metrics: SignatureMetrics) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State::new(limits.waiting)),
            arrived: Condvar::new(),
            metrics,
        });
        let mut started = Self {
            queue,
            threads: Vec::new(),
            longest_wait: limits.longest_wait,
        };
        for number in 0..limits.threads.max(1) {
            let queue = Arc::clone(&started.queue);
            let thread = thread::Builder::new()
                .name(format!("signalbox-jwt-{number}"))
                .spawn(move || queue.serve())?;
            started.threads.push(thread);
        }
        Ok(started)
    }

    /// Whether a signature is right, once it was its turn. Dropping the future gives its place up.
    pub(super) async fn check(&self, line: Line, signature: S) -> Result<bool, Unchecked> {
        let since = Instant::now();
        let waiter = self.queue.enqueue(line, signature);
        let told = timeout(self.longest_wait, waiter.told()).await;
        self.queue.metrics.wait.observe(since.elapsed());
        told.unwrap_or(Err(Unchecked::Late))
    }
}

impl<S: Signature> Waiter<'_, S> {
    async fn told(mut self) -> Result<bool, Unchecked> {
        tokio::select! {
            biased;
            Ok(checked) = self.outcome.wait_for(Option::is_some) => checked.ok_or(Unchecked::Lost),
            // A place that ends otherwise is one in which a check was begun.
            Ok(MadeWay) = &mut self.place => Err(Unchecked::Full),
            else => Err(Unchecked::Lost),
        }
    }
}

impl<S: Signature> Drop for Waiter<'_, S> {
    fn drop(&mut self) {
        if matches!(self.place.try_recv(), Err(TryRecvError::Empty)) {
            self.queue.give_up(self.line, self.number);
        }
    }
}

impl<S: Signature> Queue<S> {
    fn enqueue(&self, line: Line, signature: S) -> Waiter<'_, S> {
        let mut state = self.lock();
        state.came += 1;
        let (number, pending) = (state.came, state.pending(signature));
        let outcome = pending.outcome.subscribe();
        let (place, told) = oneshot::channel();
        let waiting = Waiting {
            number,
            pending,
            place,
        };
        if let Some(gone) = state.waiting.push(line, waiting) {
            let place = state.leave(gone);
            // Whoever is gone anyway hears nothing.
            let _ = place.send(MadeWay);
        }
        self.metrics.waiting(state.waiting.len());
        drop(state);
        self.arrived.notify_one();
        Waiter {
            queue: self,
            line,
            number,
            outcome,
            place: told,
        }
    }

    fn give_up(&self, line: Line, number: u64) {
        let mut state = self.lock();
        if let Some(gone) = state.waiting.remove(line, |other| other.number == number) {
            state.leave(gone);
            self.metrics.waiting(state.waiting.len());
        }
    }

    /// Checks one after the other until the queue is closed.
    fn serve(&self) {
        let thread = SignatureThread(());
        while let Some(pending) = self.next() {
            let check = || pending.signature.check(&thread);
            let checked = catch_unwind(AssertUnwindSafe(check)).ok();
            self.metrics.checked.inc();
            if checked.is_some() {
                pending.outcome.send_replace(checked);
            }
            // Until here, whoever comes with the same token has found the outcome.
            self.lock().pending.remove(&pending.signature.id());
        }
    }

    /// The next check that nobody makes yet.
    fn next(&self) -> Option<Arc<Pending<S>>> {
        let mut state = self.lock();
        while !state.is_closed {
            let Some(next) = state.waiting.pop() else {
                let arrived = self.arrived.wait(state);
                state = arrived.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            self.metrics.waiting(state.waiting.len());
            if !next.pending.is_begun.swap(true, Relaxed) {
                return Some(next.pending);
            }
        }
        None
    }

    /// Held for a few look-ups, never for a check.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Signature> Drop for SignatureQueue<S> {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.arrived.notify_all();
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

impl<S: Signature> fmt::Debug for SignatureQueue<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignatureQueue")
            .field("threads", &self.threads.len())
            .field("waiting", &self.queue.lock().waiting.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
