//! What wakes a task that waits, without a timer for each of its waits.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use signalbox_gate::LOOK;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// The one timer of a task that waits for several things, one after the other or at once.
///
/// It rings when the first of them is due, and each [`LOOK`] before that. It is set while something
/// is waited for, and left set when that has come: most waits end before it rings, and setting it for
/// each would cost more than the rest of the wait.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    set: RefCell<Option<Timer>>,
    rings: Cell<u64>,
}

/// A timer that is polled at every turn of its task: while it knows whom to wake, that costs little.
#[derive(Debug)]
pub(crate) struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// Who is woken, if that is known to the timer.
    waker: Option<Waker>,
}

/// A wait that ends at some time.
#[derive(Debug)]
pub(crate) struct Deadline<'a> {
    alarm: &'a Alarm,
    due: Instant,
    /// How often the alarm had rung when the clock was looked at.
    rings: u64,
}

impl Alarm {
    /// A wait until then.
    pub(crate) const fn deadline(&self, due: Instant) -> Deadline<'_> {
        let rings = self.rings.get();
        Deadline {
            alarm: self,
            due,
            rings,
        }
    }

    /// Ready when it rings, which may be before anything is due; it is to be polled again then.
    pub(crate) fn poll(&self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        let mut set = self.set.borrow_mut();
        let timer = set.get_or_insert_with(|| Timer::new(due.min(Instant::now() + LOOK)));
        if timer.sleep.deadline() > due {
            timer.reset(due);
        }
        ready!(timer.poll(context));
        *set = None;
        self.rings.set(self.rings.get() + 1);
        Poll::Ready(())
    }
}

impl Timer {
    pub(crate) fn new(due: Instant) -> Self {
        Self {
            sleep: Box::pin(sleep_until(due)),
            waker: None,
        }
    }

    pub(crate) fn reset(&mut self, due: Instant) {
        self.sleep.as_mut().reset(due);
        self.waker = None;
    }

    /// Ready when it is due.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_known = |waker: &Waker| waker.will_wake(context.waker());
        if self.waker.as_ref().is_some_and(is_known) && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        // A poll that the task has no budget left for would not tell the timer whom to wake.
        let polled = pin!(unconstrained(self.sleep.as_mut()));
        let polled = polled.poll(context);
        if polled.is_pending() {
            self.waker = Some(context.waker().clone());
        }
        polled
    }
}

impl Deadline<'_> {
    /// Ready when it is due: then what the time is. The clock is looked at when the alarm has rung,
    /// whichever of its waits heard that.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        loop {
            let rung = self.alarm.poll(self.due, context);
            if rung.is_pending() && self.alarm.rings.get() == self.rings {
                return Poll::Pending;
            }
            self.rings = self.alarm.rings.get();
            let now = Instant::now();
            if now >= self.due {
                return Poll::Ready(now);
            }
        }
    }

    /// The wait goes on until then.
    pub(crate) const fn moves_to(&mut self, due: Instant) {
        self.due = due;
    }

    /// What comes of `future`; `None` if it is due before that.
    pub(crate) async fn bounds<F: Future>(mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(come) => Poll::Ready(Some(come)),
            Poll::Pending => self.poll(context).map(|_now| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::task::LocalSet;
    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long a wait of this length takes.
    async fn waited(alarm: &Alarm, length: Duration) -> Duration {
        let began = Instant::now();
        let deadline = alarm.deadline(began + length);
        assert_eq!(deadline.bounds(pin!(pending::<()>())).await, None);
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_it_is_due_whatever_the_alarm_was_set_to_before() {
        let alarm = Alarm::default();
        for length in [LOOK * 3, SECOND, LOOK * 2 + SECOND, Duration::ZERO, SECOND] {
            let until = Instant::now() + LOOK * 9;
            let come = alarm.deadline(until).bounds(pin!(sleep(SECOND / 2))).await;
            assert_eq!(come, Some(()));
            assert_eq!(waited(&alarm, length).await, length);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_come_is_taken_although_it_is_due() {
        let alarm = Alarm::default();
        let deadline = alarm.deadline(Instant::now());
        assert_eq!(deadline.bounds(pin!(ready(1))).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_within_waits_end_each_at_its_time() {
        for (inner, outer) in [(SECOND, LOOK * 3), (LOOK * 3, SECOND), (LOOK, LOOK)] {
            let alarm = Alarm::default();
            let began = Instant::now();
            let within = alarm.deadline(began + inner);
            let around = alarm.deadline(began + outer);
            let never = pin!(pending::<()>());
            let ended = around.bounds(pin!(within.bounds(never))).await;
            assert_eq!(ended.is_none(), outer < inner);
            assert_eq!(began.elapsed(), inner.min(outer));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_moves_on_ends_at_its_new_time() {
        let alarm = Alarm::default();
        let began = Instant::now();
        let mut deadline = alarm.deadline(began + SECOND);
        for turn in 1..=9 {
            let now = poll_fn(|context| deadline.poll(context)).await;
            assert_eq!(now, began + SECOND * turn);
            deadline.moves_to(now + SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_is_woken_where_it_waits_next() {
        let (alarm, tasks) = (Rc::new(Alarm::default()), LocalSet::new());
        for _ in 0..3 {
            let alarm = Rc::clone(&alarm);
            let task = tasks.spawn_local(async move { waited(&alarm, SECOND).await });
            assert_eq!(tasks.run_until(task).await.unwrap(), SECOND);
        }
    }
}
