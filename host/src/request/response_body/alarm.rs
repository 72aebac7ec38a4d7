//! What wakes an answer for which nothing comes.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use signalbox_gate::LOOK;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// Rings when something is due, and each [`LOOK`] before that.
///
/// It is set while nothing comes, and left set when something does: most answers end before it rings,
/// and setting it for each piece of a stream would cost more than the piece.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Set>);

#[derive(Debug)]
struct Set {
    sleep: Pin<Box<Sleep>>,
    /// Who is woken, if that is known to the timer.
    waker: Option<Waker>,
}

impl Alarm {
    /// Ready when it rings, which may be before anything is due; it is to be polled again then.
    pub(super) fn poll(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        let set = self.0.get_or_insert_with(|| Set {
            sleep: Box::pin(sleep_until(due.min(Instant::now() + LOOK))),
            waker: None,
        });
        if set.sleep.deadline() > due {
            set.sleep.as_mut().reset(due);
            set.waker = None;
        }
        let is_known = |waker: &Waker| waker.will_wake(context.waker());
        if set.waker.as_ref().is_some_and(is_known) && !set.sleep.is_elapsed() {
            return Poll::Pending;
        }
        // A poll that the task has no budget left for would not tell the timer whom to wake.
        let sleep = pin!(unconstrained(set.sleep.as_mut()));
        if sleep.poll(context).is_pending() {
            set.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.0 = None;
        Poll::Ready(())
    }
}
