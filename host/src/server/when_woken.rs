//! A future that is polled with others, and only when it was woken itself.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// What comes of `future`. What a runtime blocks on is polled whenever any task is woken, before them;
/// this one only if it has asked for it.
pub(super) async fn when_woken<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let own = Arc::new(OwnWaker {
        is_woken: AtomicBool::new(true),
        outer: Mutex::new(Waker::noop().clone()),
    });
    let waker = Waker::from(Arc::clone(&own));
    let mut known = Waker::noop().clone();
    poll_fn(move |context| {
        if !known.will_wake(context.waker()) {
            known.clone_from(context.waker());
            own.passes_on_to(context.waker());
        }
        match own.is_woken.swap(false, Ordering::AcqRel) {
            true => future.as_mut().poll(&mut Context::from_waker(&waker)),
            false => Poll::Pending,
        }
    })
    .await
}

/// Wakes the task, and tells for whom.
struct OwnWaker {
    is_woken: AtomicBool,
    outer: Mutex<Waker>,
}

impl OwnWaker {
    fn passes_on_to(&self, waker: &Waker) {
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        outer.clone_from(waker);
    }
}

impl Wake for OwnWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        outer.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::mpsc;
    use tokio::task::{LocalSet, spawn_local, yield_now};

    use super::*;

    /// How often each is polled while a task of the same set takes a hundred turns.
    #[tokio::test]
    async fn the_turns_of_others_do_not_poll_it() {
        let (turns, polls) = (100, Cell::new(0));
        let (tell, mut told) = mpsc::unbounded_channel();
        let counted = when_woken(poll_fn(|context| {
            polls.set(polls.get() + 1);
            match told.poll_recv(context) {
                Poll::Ready(Some(more)) if more => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Ready(end) => Poll::Ready(end),
                Poll::Pending => Poll::Pending,
            }
        }));
        let busy = async move {
            spawn_local(async move {
                for turn in 0..turns {
                    yield_now().await;
                    if turn == turns / 2 {
                        tell.send(true).unwrap();
                    }
                }
                tell.send(false).unwrap();
            });
            counted.await
        };
        assert_eq!(LocalSet::new().run_until(busy).await, Some(false));
        assert!(polls.get() <= 5, "{}", polls.get());
    }
}
