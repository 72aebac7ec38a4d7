//! Threads that decide for policies that are not trusted.

mod shares;

use std::{
    collections::VecDeque,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Instant,
};

use signalbox_policy::Decision;

use self::shares::{Outcome, Shares};
use crate::{DecideError, Generation, RequestBuf};

/// A bounded number of threads with a bounded queue.
///
/// Every request that is taken is answered exactly once. One caller may hold at most half of the
/// queue, and a caller whose requests failed in the guest five times in a row is refused for a
/// second without a call. Dropping the pool answers what still waits with
/// [`DecideError::Closed`], and returns when its threads have ended.
pub struct DecisionPool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl DecisionPool {
    /// Starts `threads` threads, at least one, for whom at most `queue` requests wait.
    pub(crate) fn new(threads: usize, queue: usize) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                shares: Shares::new(queue),
                closed: false,
            }),
            longest: queue,
            arrived: Condvar::new(),
        });
        let mut pool = Self {
            queue,
            threads: Vec::new(),
        };
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&pool.queue);
            let thread = thread::Builder::new()
                .name(format!("signalbox-decide-{number}"))
                .spawn(move || queue.serve())?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Queues a request for `generation`; `reply` gets the outcome, on a thread of the pool.
    ///
    /// # Errors
    /// The request was not taken, and `reply` is dropped: the queue is full, or the caller's
    /// share of it is, or the caller's requests keep failing.
    pub fn submit(
        &self,
        generation: Arc<Generation>,
        request: RequestBuf,
        reply: impl FnOnce(Result<Decision, DecideError>) + Send + 'static,
    ) -> Result<(), SubmitError> {
        let mut state = self.queue.lock();
        if state.waiting.len() >= self.queue.longest {
            return Err(SubmitError::QueueFull);
        }
        let caller = &request.caller().id;
        state
            .shares
            .admit(caller, generation.number(), Instant::now())?;
        state.waiting.push_back(Job {
            generation,
            request,
            reply: Reply(Box::new(reply)),
        });
        drop(state);
        self.queue.arrived.notify_one();
        Ok(())
    }
}

impl Drop for DecisionPool {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.queue.arrived.notify_all();
        for job in waiting {
            job.reply.give(Err(DecideError::Closed));
        }
        for thread in self.threads.drain(..) {
            // A reply may be what holds the pool: that thread ends by itself.
            if thread.thread().id() != thread::current().id() {
                let _ended = thread.join();
            }
        }
    }
}

impl fmt::Debug for DecisionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecisionPool")
            .field("threads", &self.threads.len())
            .field("waiting", &self.queue.lock().waiting.len())
            .finish_non_exhaustive()
    }
}

/// Why the pool did not take a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The policy failed on the caller's last requests: for a second it gets no more.
    #[error("the policy keeps failing on this caller's requests")]
    CallerFails,
    /// The caller holds its share of the queue.
    #[error("this caller has as many decisions waiting as it may")]
    CallerShare,
    /// The queue is full.
    #[error("too many decisions are waiting")]
    QueueFull,
}

impl SubmitError {
    /// A stable word for metrics.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::CallerFails => "caller_fails",
            Self::CallerShare => "caller_share",
            Self::QueueFull => "queue_full",
        }
    }
}

struct Queue {
    state: Mutex<State>,
    longest: usize,
    arrived: Condvar,
}

struct State {
    waiting: VecDeque<Job>,
    shares: Shares,
    closed: bool,
}

struct Job {
    generation: Arc<Generation>,
    request: RequestBuf,
    reply: Reply,
}

/// Who is told of the outcome.
struct Reply(Box<dyn FnOnce(Result<Decision, DecideError>) + Send>);

impl Reply {
    /// A panic in somebody's reply must cost neither the pool a thread nor others their answer.
    fn give(self, outcome: Result<Decision, DecideError>) {
        let _panicked = catch_unwind(AssertUnwindSafe(|| (self.0)(outcome)));
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        while let Some(Job {
            generation,
            request,
            reply,
        }) = self.next()
        {
            let outcome = request.view(|request| generation.decide(request));
            let kind = match &outcome {
                Err(error) if error.is_guest_failure() => Outcome::GuestFailed,
                Err(_) => Outcome::HostFailed,
                Ok(_) => Outcome::Decided,
            };
            let caller = &request.caller().id;
            self.lock()
                .shares
                .done(caller, generation.number(), kind, Instant::now());
            // The generation must not outlive its last decision by the reply's work.
            drop(generation);
            reply.give(outcome);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
