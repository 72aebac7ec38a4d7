//! Wakes streams that wait for something that may not come.
//!
//! A hook runs when something happens. That nothing does is noticed here: a thread looks at what every
//! waiting stream waits for, ten times a second, and calls those whose time has come.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::abi::Scheduler;

/// The thread, and the streams it looks at.
#[derive(Debug)]
pub(crate) struct Deadlines {
    shared: Arc<Shared>,
    since: Instant,
}

/// One stream, for other threads: until it ends it can be called.
#[derive(Debug)]
pub(crate) struct Waker {
    scheduler: Mutex<Option<Scheduler>>,
    /// When it is to be called, in milliseconds of [`Deadlines`].
    due: AtomicU64,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Vec<Arc<Waker>>>,
    arrived: Condvar,
}

impl Deadlines {
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let (looked_at, since) = (Arc::clone(&shared), Instant::now());
        let thread = thread::Builder::new().name("signalbox-times".to_owned());
        thread.spawn(move || looked_at.look(since))?;
        Ok(Self { shared, since })
    }

    /// Looks at a stream from here on, until it ends.
    pub(crate) fn watch(&self, scheduler: Scheduler) -> Arc<Waker> {
        let waker = Arc::new(Waker {
            scheduler: Mutex::new(Some(scheduler)),
            due: AtomicU64::new(u64::MAX),
        });
        let mut waiting = self.shared.lock();
        let was_empty = waiting.is_empty();
        waiting.push(Arc::clone(&waker));
        drop(waiting);
        if was_empty {
            self.shared.arrived.notify_one();
        }
        waker
    }

    /// Has a stream called at a time.
    pub(crate) fn set(&self, waker: &Waker, due: Instant) {
        waker
            .due
            .store(millis(due.saturating_duration_since(self.since)), Relaxed);
    }
}

impl Waker {
    /// Calls the stream, if it has not ended.
    pub(crate) fn wake(&self, event: u64) {
        if let Some(scheduler) = &*self.lock() {
            scheduler.commit(event);
        }
    }

    /// The stream has ended: nobody calls it any more once this returns.
    pub(crate) fn end(&self) {
        let scheduler = self.lock().take();
        drop(scheduler);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Scheduler>> {
        self.scheduler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Waker>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, since: Instant) {
        loop {
            let mut waiting = self.lock();
            while waiting.is_empty() {
                let arrived = self.arrived.wait(waiting);
                waiting = arrived.unwrap_or_else(PoisonError::into_inner);
            }
            let now = millis(since.elapsed());
            waiting.retain(|waker| {
                // It sets the next time itself, when it is called.
                if waker.due.load(Relaxed) <= now {
                    waker.due.store(u64::MAX, Relaxed);
                    waker.wake(TIME);
                }
                // The stream has the other one.
                Arc::strong_count(waker) > 1
            });
            drop(waiting);
            thread::sleep(BETWEEN_LOOKS);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A stream is called because its time has come.
pub(crate) const TIME: u64 = 0;
/// A stream is called because its policy has answered.
pub(crate) const ANSWER: u64 = 1;

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
