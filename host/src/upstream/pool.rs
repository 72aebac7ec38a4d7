//! HTTP/1.1 connections kept for the next request: last in, first out, so that the spare ones age
//! and go.

use std::collections::VecDeque;
use std::task::Context;
use std::time::Duration;

use tokio::time::Instant;

use super::http1::Http1;

/// Connections without a request on them.
#[derive(Debug)]
pub(super) struct Pool {
    idle: VecDeque<Idle>,
    bounds: Bounds,
}

/// What is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many without a request on them.
    pub(super) idle: usize,
    /// How long such a connection is kept.
    pub(super) idle_time: Duration,
    /// How long a connection is given requests at all.
    pub(super) age: Duration,
}

#[derive(Debug)]
struct Idle {
    connection: Http1,
    since: Instant,
}

impl Pool {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self {
            idle: VecDeque::new(),
            bounds,
        }
    }

    /// The connection used last, and how long it has been idle.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Http1, Duration)> {
        self.sweep(now);
        while let Some(Idle { connection, since }) = self.idle.pop_back() {
            if !self.is_old(&connection, now) {
                return Some((connection, now.duration_since(since)));
            }
        }
        None
    }

    pub(super) fn keep(&mut self, connection: Http1, now: Instant) {
        if !connection.is_reusable() || self.is_old(&connection, now) {
            return;
        }
        connection.release_buffers();
        self.idle.push_back(Idle {
            connection,
            since: now,
        });
        if self.idle.len() > self.bounds.idle {
            self.idle.pop_front();
        }
    }

    /// Drops what was not used for too long.
    pub(super) fn sweep(&mut self, now: Instant) {
        let time = self.bounds.idle_time;
        while let Some(oldest) = self.idle.front()
            && now.duration_since(oldest.since) >= time
        {
            self.idle.pop_front();
        }
    }

    /// Drops what GT closed, or speaks on unasked. The task of `context` hears when there is more.
    pub(super) fn watch(&mut self, context: &mut Context<'_>) {
        self.idle.retain(|idle| idle.connection.is_quiet(context));
    }

    fn is_old(&self, connection: &Http1, now: Instant) -> bool {
        now.duration_since(connection.since) >= self.bounds.age
    }
}
