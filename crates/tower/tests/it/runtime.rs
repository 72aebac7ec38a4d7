//! A runtime whose time passes by hand.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use signalbox_tower::{AsyncRuntime, BlockingWork, Sleep};

/// A runtime whose time passes by hand, and which does work at once. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ByHand(Arc<Mutex<Clock>>);

#[derive(Debug)]
struct Clock {
    now: Instant,
    waiting: Vec<Waker>,
}

impl Default for ByHand {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Clock {
            now: Instant::now(),
            waiting: Vec::new(),
        })))
    }
}

impl ByHand {
    /// Lets time pass, and wakes whoever waits.
    pub(crate) fn pass(&self, time: Duration) {
        let waiting = {
            let mut clock = self.0.lock().unwrap();
            clock.now += time;
            std::mem::take(&mut clock.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl AsyncRuntime for ByHand {
    fn sleep(&self, time: Duration) -> Sleep {
        let (clock, end) = (Arc::clone(&self.0), self.now() + time);
        Box::pin(poll_fn(move |context| {
            let mut clock = clock.lock().unwrap();
            if clock.now >= end {
                return Poll::Ready(());
            }
            clock.waiting.push(context.waker().clone());
            Poll::Pending
        }))
    }

    fn now(&self) -> Instant {
        self.0.lock().unwrap().now
    }

    fn run_blocking(&self, work: BlockingWork) {
        work();
    }
}
