//! What ends a connection from outside: its time, and the worker's way out.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::config::Times;
use crate::listener::client_io::ConnectionState;
use crate::server::phase::{Listener, Phase, Phases};

/// What ends a connection from outside.
#[derive(Debug)]
pub(super) struct Bounds {
    link: Rc<ConnectionState>,
    phases: Rc<Phases>,
    patience: Patience,
    clock: Pin<Box<Sleep>>,
    /// Wakes the connection's task when the worker moves on.
    listener: Option<Listener>,
    /// From which phase on the connection is told to end; `None` once it was.
    tells_at: Option<Phase>,
    came_late: bool,
}

impl Bounds {
    pub(super) fn new(times: &Times, phases: &Rc<Phases>, link: &Rc<ConnectionState>) -> Self {
        let came_late = phases.current() >= Phase::Draining;
        let patience = Patience {
            head: times.head.duration(),
            idle: if came_late {
                LATE
            } else {
                times.connection_idle.duration()
            },
        };
        Self {
            link: Rc::clone(link),
            phases: Rc::clone(phases),
            patience,
            clock: Box::pin(sleep(patience.stride())),
            listener: None,
            tells_at: Some(Phase::Draining),
            came_late,
        }
    }

    /// Whether it waited in the backlog while nothing new was taken any more.
    pub(super) const fn came_late(&self) -> bool {
        self.came_late
    }

    /// The connection ends by itself after its next answer.
    pub(super) const fn ends_by_itself(&mut self) {
        self.tells_at = None;
    }

    /// The connection may be told to end at any time without harm, so it is told early, unless it
    /// is one of those that came after that.
    pub(super) fn may_be_told_early(&mut self) {
        if self.phases.current() < Phase::Leaving {
            self.tells_at = Some(Phase::Leaving);
        }
    }

    /// The connection was told to end, and gets this much longer to take it in.
    pub(super) fn last_wait(&mut self) {
        self.tells_at = None;
        self.link.waits_again();
        self.patience.idle = LATE;
        self.clock
            .as_mut()
            .reset(Instant::now() + self.patience.stride());
    }

    /// Runs a connection to its end, or until the client has let its time pass: then `None`. On
    /// the worker's way out it is told once, by `leave`.
    pub(super) async fn keep<C: Future>(
        &mut self,
        mut connection: Pin<&mut C>,
        mut leave: impl FnMut(Pin<&mut C>),
    ) -> Option<C::Output> {
        poll_fn(|context| {
            let (phases, waker) = (&self.phases, context.waker());
            self.listener.get_or_insert_with(|| phases.listen(waker));
            if self.is_to_be_told() {
                self.tells_at = None;
                leave(connection.as_mut());
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(Some(ended));
            }
            let clock = self.clock.as_mut();
            self.patience
                .poll(&self.link, clock, context)
                .map(|()| None)
        })
        .await
    }

    /// What came late is told once its request is there.
    fn is_to_be_told(&self) -> bool {
        self.tells_at
            .is_some_and(|phase| self.phases.current() >= phase)
            && (!self.came_late || self.link.has_begun())
    }
}

/// How long a client may take with its next request.
#[derive(Clone, Copy, Debug)]
struct Patience {
    head: Duration,
    idle: Duration,
}

impl Patience {
    /// Ready once the client has let its time pass.
    ///
    /// The timer runs in strides no longer than any of the times, and what is due is worked out
    /// when one ends: a request does not touch the timer.
    fn poll(
        self,
        link: &ConnectionState,
        mut clock: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        while clock.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            let due = link.deadline(self.head, self.idle);
            if due.is_some_and(|due| due <= now) {
                return Poll::Ready(());
            }
            let next = now + self.stride();
            clock.as_mut().reset(due.map_or(next, |due| due.min(next)));
        }
        Poll::Pending
    }

    /// Never nothing, or the clock would not stop.
    fn stride(self) -> Duration {
        self.head.min(self.idle).max(Duration::from_millis(1))
    }
}

/// For the request of a connection that waited in the backlog, and for a client to leave.
const LATE: Duration = Duration::from_secs(5);
