//! The thread that makes an engine's time pass while guests run, and sleeps when none does.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{AcqRel, Relaxed},
        },
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::Engine;

/// Tells the thread of calls. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ticker(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Calls under way, twice; and one more while the thread sleeps. Both are one number, so that
    /// either the thread sees a call that begins, or the call sees that the thread sleeps.
    state: AtomicUsize,
    /// A call has begun since the last tick.
    is_used: AtomicBool,
    thread: OnceLock<Thread>,
}

/// A call under way: time passes until it is dropped.
#[derive(Debug)]
pub(crate) struct Call<'a>(&'a Shared);

impl Ticker {
    /// Starts the thread: it advances the engine's epoch every millisecond while calls come, until
    /// the engine is gone.
    ///
    /// A plain thread, because it must tick while every other thread is busy in a guest. It holds the
    /// engine weakly, so it ends by itself.
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let engine = engine.weak();
        Self::with(move || {
            let engine = engine.upgrade()?;
            engine.increment_epoch();
            Some(())
        })
    }

    fn with(mut tick: impl FnMut() -> Option<()> + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("signalbox-epoch".into())
            .spawn(move || {
                let mut quiet = 0;
                while tick().is_some() {
                    quiet = if of_thread.was_used() { 0 } else { quiet + 1 };
                    if quiet < LINGER {
                        thread::sleep(TICK);
                    } else {
                        quiet = LINGER;
                        of_thread.sleep();
                    }
                }
            })?;
        // Nobody else sets it.
        let _ = shared.thread.set(thread.thread().clone());
        Ok(Self(shared))
    }

    /// A call begins.
    pub(crate) fn call(&self) -> Call<'_> {
        let before = self.0.state.fetch_add(ONE_CALL, AcqRel);
        self.0.is_used.store(true, Relaxed);
        if before & SLEEPS != 0
            && let Some(thread) = self.0.thread.get()
        {
            thread.unpark();
        }
        Call(&self.0)
    }
}

impl Shared {
    fn was_used(&self) -> bool {
        let is_used = self.is_used.swap(false, Relaxed);
        is_used || self.state.load(Relaxed) >= ONE_CALL
    }

    /// Sleeps until a call begins.
    fn sleep(&self) {
        if self.state.fetch_or(SLEEPS, AcqRel) < ONE_CALL {
            thread::park_timeout(LOOK);
        }
        self.state.fetch_and(!SLEEPS, AcqRel);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.state.fetch_sub(ONE_CALL, AcqRel);
    }
}

const SLEEPS: usize = 1;
const ONE_CALL: usize = 2;
/// The grain of every time limit.
const TICK: Duration = Duration::from_millis(1);
/// Ticks without a call before the thread sleeps: waking it is a system call, which a busy host never
/// makes.
const LINGER: u32 = 3;
/// How often a thread that sleeps looks whether its engine is gone.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicU64, time::Instant};

    use super::*;

    /// A ticker and its ticks.
    fn counted() -> (Ticker, Arc<AtomicU64>) {
        let ticks = Arc::new(AtomicU64::new(0));
        let its = Arc::clone(&ticks);
        let ticker = Ticker::with(move || {
            its.fetch_add(1, Relaxed);
            Some(())
        });
        (ticker.unwrap(), ticks)
    }

    #[track_caller]
    fn wait_until(is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < deadline, "it never is");
            thread::yield_now();
        }
    }

    fn sleeps(ticker: &Ticker) -> bool {
        ticker.0.state.load(Relaxed) & SLEEPS != 0
    }

    #[test]
    fn it_sleeps_while_no_call_is_under_way_and_ticks_while_one_is() {
        let (ticker, ticks) = counted();
        for _ in 0..3 {
            wait_until(|| sleeps(&ticker));
            let call = ticker.call();
            let since = ticks.load(Relaxed);
            // A call that lasts is never left alone.
            wait_until(|| ticks.load(Relaxed) > since + u64::from(3 * LINGER));
            assert!(!sleeps(&ticker));
            drop(call);
        }
    }

    #[test]
    fn one_of_two_calls_keeps_it_awake() {
        let (ticker, ticks) = counted();
        let (first, second) = (ticker.call(), ticker.call());
        drop(first);
        let since = ticks.load(Relaxed);
        wait_until(|| ticks.load(Relaxed) > since + u64::from(3 * LINGER));
        assert!(!sleeps(&ticker));
        drop(second);
        wait_until(|| sleeps(&ticker));
    }

    #[test]
    fn calls_of_many_threads_are_each_met_by_a_tick() {
        let (ticker, ticks) = counted();
        let calls = || {
            for _ in 0..20 {
                let call = ticker.call();
                let since = ticks.load(Relaxed);
                wait_until(|| ticks.load(Relaxed) > since);
                drop(call);
                wait_until(|| sleeps(&ticker) || ticks.load(Relaxed) > since + 3);
            }
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(calls);
            }
        });
        wait_until(|| ticker.0.state.load(Relaxed) == SLEEPS);
    }

    #[test]
    fn it_does_not_keep_its_engine() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        wait_until(|| sleeps(&ticker));
        let weak = engine.weak();
        drop(engine);
        // It may be in the middle of a tick.
        wait_until(|| weak.upgrade().is_none());
        // And it ends, though nobody calls.
        wait_until(|| Arc::strong_count(&ticker.0) == 1);
    }
}
