//! How much an answer may have, and how long it may take.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::error::{ClientError, Phase};

/// How much an answer may have, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of its head.
    pub head: usize,
    /// Bytes of its body.
    pub body: u64,
    /// How long a connection may take, and TLS once more.
    pub connect: Duration,
    /// How long the head may take, and each piece of the body.
    pub idle: Duration,
    /// How long all of it may take, from the connection to the last byte.
    pub total: Option<Duration>,
}

impl Limits {
    /// So long for all of it, and a body of so many bytes below a head as servers send it.
    #[must_use]
    pub const fn new(total: Duration, body: u64) -> Self {
        Self {
            head: MOST_HEAD,
            body,
            connect: total,
            idle: total,
            total: Some(total),
        }
    }
}

/// The limits of one request, whose time runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) limits: Limits,
    begun: Instant,
}

impl Clock {
    pub(crate) fn start(limits: Limits) -> Self {
        Self {
            limits,
            begun: Instant::now(),
        }
    }

    /// Waits for as long as the phase and the whole request may take.
    pub(crate) async fn wait<F: Future>(
        &self,
        phase: Phase,
        future: F,
    ) -> Result<F::Output, ClientError> {
        let limit = match phase {
            Phase::Connect => self.limits.connect,
            Phase::Answer | Phase::Body => self.limits.idle,
        };
        let left = |total: Duration| (total, total.saturating_sub(self.begun.elapsed()));
        let (time, error) = match self.limits.total.map(left) {
            Some((total, left)) if left <= limit => (left, ClientError::TimedOut(total)),
            _ => (limit, ClientError::Silent { phase, limit }),
        };
        timeout(time, future).await.map_err(|_elapsed| error)
    }
}

/// Signed addresses in `location` take a few KiB.
const MOST_HEAD: usize = 64 << 10;
