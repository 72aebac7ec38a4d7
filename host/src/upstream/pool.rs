//! Connections kept for the next request: last in, first out, so that the spare ones age and go.

use std::collections::VecDeque;
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use super::body::RequestBody;

/// Connections without a request on them.
#[derive(Debug)]
pub(super) struct Pool {
    idle: VecDeque<Idle>,
    limit: usize,
    time: Duration,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<RequestBody>,
    since: Instant,
}

impl Pool {
    pub(super) const fn new(limit: usize, time: Duration) -> Self {
        Self {
            idle: VecDeque::new(),
            limit,
            time,
        }
    }

    /// The connection used last that can take a request now, and how long it has been idle.
    pub(super) fn take(&mut self, now: Instant) -> Option<(SendRequest<RequestBody>, Duration)> {
        self.sweep(now);
        while let Some(Idle { sender, since }) = self.idle.pop_back() {
            if sender.is_ready() {
                return Some((sender, now.duration_since(since)));
            }
        }
        None
    }

    pub(super) fn keep(&mut self, sender: SendRequest<RequestBody>, now: Instant) {
        if sender.is_closed() {
            return;
        }
        self.idle.push_back(Idle { sender, since: now });
        if self.idle.len() > self.limit {
            self.idle.pop_front();
        }
    }

    /// Drops what is closed at the old end, and what was not used for too long.
    pub(super) fn sweep(&mut self, now: Instant) {
        while let Some(oldest) = self.idle.front()
            && (oldest.sender.is_closed() || now.duration_since(oldest.since) >= self.time)
        {
            self.idle.pop_front();
        }
    }
}
