//! What ends a connection from outside: its times, a client that takes nothing, and the worker's way
//! out.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use signalbox_gate::LOOK;

use crate::alarm::Timer;
use crate::config::Times;
use crate::listener::client_io::ConnectionState;
use crate::server::phase::{Listener, Phase, Phases};

/// What ends a connection from outside.
#[derive(Debug)]
pub(super) struct Bounds {
    link: Rc<ConnectionState>,
    phases: Rc<Phases>,
    patience: Patience,
    clock: Timer,
    /// Set while the client's socket takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    /// For how long it may do so.
    takes_within: Duration,
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
            clock: Timer::new(Instant::now() + patience.stride()),
            stall: None,
            takes_within: times.answer_idle.duration(),
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
        self.clock.reset(Instant::now() + self.patience.stride());
    }

    /// Runs a connection to its end, or until the client has let a time pass: then why. On the
    /// worker's way out it is told once, by `leave`; while the client takes nothing, `ends` is asked
    /// now and then whether its answer is to end for another reason.
    pub(super) async fn keep<C: Future>(
        &mut self,
        mut connection: Pin<&mut C>,
        mut leave: impl FnMut(Pin<&mut C>),
        mut ends: impl FnMut(Instant) -> bool,
    ) -> Result<C::Output, TimeOver> {
        poll_fn(|context| {
            let (phases, waker) = (&self.phases, context.waker());
            self.listener.get_or_insert_with(|| phases.listen(waker));
            if self.is_to_be_told() {
                self.tells_at = None;
                leave(connection.as_mut());
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(Ok(ended));
            }
            if self.poll_stall(&mut ends, context).is_ready() {
                return Poll::Ready(Err(TimeOver::Stalled));
            }
            let clock = &mut self.clock;
            self.patience
                .poll(&self.link, clock, context)
                .map(|()| Err(TimeOver::Idle))
        })
        .await
    }

    /// Ready once a client that takes nothing has done so for too long, or `ends` says so. A client
    /// that takes what there is costs no timer.
    fn poll_stall(
        &mut self,
        ends: &mut impl FnMut(Instant) -> bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        while let Some(since) = self.link.blocked_since() {
            let due = since + self.takes_within();
            let look = || Box::pin(sleep_until(due.min(Instant::now() + LOOK)));
            let stall = self.stall.get_or_insert_with(look);
            ready!(stall.as_mut().poll(context));
            let now = Instant::now();
            if now >= due || ends(now) {
                return Poll::Ready(());
            }
            self.stall = None;
        }
        self.stall = None;
        Poll::Pending
    }

    /// Whoever has shown no key is waited for briefly: what waits for them counts against nobody.
    fn takes_within(&self) -> Duration {
        if self.link.is_admitted() {
            self.takes_within
        } else {
            self.takes_within.min(STRANGER)
        }
    }

    /// What came late is told once its request is there.
    fn is_to_be_told(&self) -> bool {
        self.tells_at
            .is_some_and(|phase| self.phases.current() >= phase)
            && (!self.came_late || self.link.has_begun())
    }
}

/// Why a connection is ended from outside.
///
/// Exhaustive on purpose: each says goodbye in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeOver {
    /// No request, or no whole head, came for too long.
    Idle,
    /// Its client takes nothing.
    Stalled,
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
        clock: &mut Timer,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        while clock.poll(context).is_ready() {
            let now = Instant::now();
            let due = link.deadline(self.head, self.idle);
            if due.is_some_and(|due| due <= now) {
                return Poll::Ready(());
            }
            let next = now + self.stride();
            clock.reset(due.map_or(next, |due| due.min(next)));
        }
        Poll::Pending
    }

    /// Never nothing, or the clock would not stop.
    fn stride(self) -> Duration {
        self.head.min(self.idle).max(Duration::from_millis(1))
    }
}

/// For a client without a key to take what it was sent.
const STRANGER: Duration = Duration::from_secs(5);
/// For the request of a connection that waited in the backlog, and for a client to leave.
const LATE: Duration = Duration::from_secs(5);
