//! Pings: a client that is gone without a word is noticed. A stream may be silent for minutes, so
//! nobody else would.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

/// Asks a client now and then whether it is there.
#[derive(Debug)]
pub(super) struct Liveness {
    pings: PingPong,
    /// Until the next ping; while one is out, until its answer is late.
    timer: Pin<Box<Sleep>>,
    is_asked: bool,
}

impl Liveness {
    pub(super) fn new(pings: PingPong) -> Self {
        Self {
            pings,
            timer: Box::pin(sleep(PING)),
            is_asked: false,
        }
    }

    /// Ready once the client does not answer.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.is_asked && self.pings.poll_pong(context).is_ready() {
                self.is_asked = false;
                self.wait(PING);
            }
            ready!(self.timer.as_mut().poll(context));
            if self.is_asked {
                return Poll::Ready(());
            }
            // It cannot be sent where the connection has ended, which h2 says itself.
            self.is_asked = self.pings.send_ping(Ping::opaque()).is_ok();
            self.wait(PONG);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.timer.as_mut().reset(Instant::now() + time);
    }
}

/// Both together are how long a client that is gone is not noticed.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);
