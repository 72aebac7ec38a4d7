//! What a key uses: requests a minute, requests at a time, streams at a time.
//!
//! `per_minute` is a token bucket kept as one number (GCRA): it holds one minute's requests and
//! fills evenly, so a burst of a whole minute is allowed and then one request each 60/n seconds;
//! two minutes never see more than three minutes' worth. What is taken is given back by dropping a
//! guard. Nothing here reads a clock.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::auth::key_limits::KeyLimits;
use crate::body::budget::Holding;

/// What one key uses now. It outlives a reload of the keyring: a changed file refills nothing.
#[derive(Debug, Default)]
pub struct KeyUsage {
    /// When it was first used.
    origin: OnceLock<Instant>,
    /// GCRA's "theoretical arrival time": nanoseconds after `origin` at which the bucket is full.
    full_at: AtomicU64,
    concurrent: AtomicU32,
    streams: AtomicU32,
    memory: Arc<Holding>,
    disk: Arc<Holding>,
}

/// One request of a key, until it is dropped.
#[derive(Debug)]
pub struct RequestPermit(Arc<KeyUsage>);

/// One streamed answer of a key, until it is dropped.
#[derive(Debug)]
pub struct StreamPermit(Arc<KeyUsage>);

/// Why a key has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limited {
    /// Requests a minute: `rate_limited`.
    #[error("the key has used its requests of this minute")]
    PerMinute {
        /// When one is there again.
        retry_after: Duration,
    },
    /// Requests at a time: `rate_limited`.
    #[error("the key has as many requests under way as it may")]
    Concurrent,
    /// Streams at a time: `too_many_streams`.
    #[error("the key has as many streams open as it may")]
    Streams,
}

impl KeyUsage {
    /// A key that has used nothing yet.
    #[must_use]
    pub fn new(now: Instant) -> Arc<Self> {
        Arc::new(Self {
            origin: OnceLock::from(now),
            full_at: AtomicU64::new(0),
            concurrent: AtomicU32::new(0),
            streams: AtomicU32::new(0),
            memory: Arc::default(),
            disk: Arc::default(),
        })
    }

    /// One more who has used nothing yet, but holds bytes out of another's share: many callers of
    /// one profile have one share together.
    pub fn beside(other: &Self, now: Instant) -> Arc<Self> {
        Arc::new(Self {
            origin: OnceLock::from(now),
            full_at: AtomicU64::new(0),
            concurrent: AtomicU32::new(0),
            streams: AtomicU32::new(0),
            memory: Arc::clone(&other.memory),
            disk: Arc::clone(&other.disk),
        })
    }

    /// Whether forgetting it would give nothing back: nothing is under way, and its minute is full.
    pub fn is_at_rest(&self, now: Instant) -> bool {
        let now = self.nanos_until(now);
        self.full_at.load(Relaxed) <= now
            && self.concurrent.load(Relaxed) == 0
            && self.streams.load(Relaxed) == 0
    }

    /// Takes one request.
    ///
    /// # Errors
    /// If the key has to wait. A request refused for concurrency takes nothing from the minute.
    pub fn admit(
        self: &Arc<Self>,
        limits: &KeyLimits,
        now: Instant,
    ) -> Result<RequestPermit, Limited> {
        if !take(&self.concurrent, limits.concurrent) {
            return Err(Limited::Concurrent);
        }
        let permit = RequestPermit(Arc::clone(self));
        if let Some(per_minute) = limits.per_minute {
            self.take_token(per_minute, now)?;
        }
        Ok(permit)
    }

    /// Takes one stream.
    ///
    /// # Errors
    /// If the key has as many as it may.
    pub fn open_stream(self: &Arc<Self>, limits: &KeyLimits) -> Result<StreamPermit, Limited> {
        if take(&self.streams, limits.streams) {
            Ok(StreamPermit(Arc::clone(self)))
        } else {
            Err(Limited::Streams)
        }
    }

    /// What the key holds of the memory budget.
    #[must_use]
    pub const fn memory(&self) -> &Arc<Holding> {
        &self.memory
    }

    /// What the key holds of the disk budget.
    #[must_use]
    pub const fn disk(&self) -> &Arc<Holding> {
        &self.disk
    }

    /// Nanoseconds since it was first used. A clock that steps back counts as one that stands still.
    fn nanos_until(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(*self.origin.get_or_init(|| now)))
    }

    fn take_token(&self, per_minute: NonZeroU32, now: Instant) -> Result<(), Limited> {
        let now = self.nanos_until(now);
        let interval = MINUTE_NANOS / u64::from(per_minute.get());
        let burst = MINUTE_NANOS - interval;
        let taken = self.full_at.fetch_update(Relaxed, Relaxed, |full_at| {
            let from = full_at.max(now);
            (from - now <= burst).then_some(from + interval)
        });
        taken.map(drop).map_err(|full_at| {
            let wait = full_at.saturating_sub(now).saturating_sub(burst);
            Limited::PerMinute {
                retry_after: Duration::from_nanos(wait),
            }
        })
    }
}

impl RequestPermit {
    /// What the key uses.
    #[must_use]
    pub const fn usage(&self) -> &Arc<KeyUsage> {
        &self.0
    }
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.concurrent.fetch_sub(1, Relaxed);
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Relaxed);
    }
}

impl Limited {
    /// The seconds of `retry-after`: whole ones, rounded up, at least one.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        match self {
            Self::PerMinute { retry_after } => {
                let up = u64::from(retry_after.subsec_nanos() > 0);
                (retry_after.as_secs() + up).max(1)
            }
            // When a running request ends is not known.
            Self::Concurrent | Self::Streams => 1,
        }
    }
}

/// How many requests all keys together have under way.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    limit: u32,
    inside: AtomicU32,
}

/// One request counted by a limit, until it is dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit(Arc<ConcurrencyLimit>);

impl ConcurrencyLimit {
    /// A limit of so many at a time.
    #[must_use]
    pub fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self {
            limit,
            inside: AtomicU32::new(0),
        })
    }

    /// Lets one in, unless it is full (`overloaded`).
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Option<ConcurrencyPermit> {
        take(&self.inside, NonZeroU32::new(self.limit)).then(|| ConcurrencyPermit(Arc::clone(self)))
    }

    /// How many are inside now.
    #[must_use]
    pub fn inside(&self) -> u32 {
        self.inside.load(Relaxed)
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Relaxed);
    }
}

/// Counts one more, unless there is a limit and it is reached.
fn take(counter: &AtomicU32, limit: Option<NonZeroU32>) -> bool {
    let most = limit.map_or(u32::MAX, NonZeroU32::get);
    counter
        .fetch_update(Relaxed, Relaxed, |n| (n < most).then(|| n + 1))
        .is_ok()
}

/// 584 years of nanoseconds fit.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 2)
}

const MINUTE_NANOS: u64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::units::Size;

    fn limits(per_minute: u32, concurrent: u32, streams: u32) -> KeyLimits {
        KeyLimits {
            per_minute: NonZeroU32::new(per_minute),
            concurrent: NonZeroU32::new(concurrent),
            streams: NonZeroU32::new(streams),
            body: Size::mib(1),
            upload: None,
        }
    }

    #[test]
    fn a_minutes_requests_may_come_at_once_and_then_evenly() {
        let start = Instant::now();
        let usage = KeyUsage::new(start);
        let limits = limits(60, 0, 0);
        for n in 0..60 {
            assert!(usage.admit(&limits, start).is_ok(), "request {n}");
        }
        let limited = usage.admit(&limits, start).unwrap_err();
        assert_eq!(
            limited,
            Limited::PerMinute {
                retry_after: Duration::from_secs(1)
            }
        );
        assert_eq!(limited.retry_after_seconds(), 1);
        let next = start + Duration::from_secs(1);
        assert!(usage.admit(&limits, next).is_ok());
        assert!(usage.admit(&limits, next).is_err());
        let hour = start + Duration::from_secs(3_600);
        let admitted = (0..100)
            .filter(|_| usage.admit(&limits, hour).is_ok())
            .count();
        assert_eq!(admitted, 60, "a quiet hour saves no more than a minute");
    }

    #[test]
    fn one_a_minute_waits_a_minute() {
        let start = Instant::now();
        let usage = KeyUsage::new(start);
        let limits = limits(1, 0, 0);
        assert!(usage.admit(&limits, start).is_ok());
        let later = start + Duration::from_millis(500);
        assert_eq!(
            usage
                .admit(&limits, later)
                .unwrap_err()
                .retry_after_seconds(),
            60
        );
        assert!(
            usage
                .admit(&limits, start + Duration::from_secs(60))
                .is_ok()
        );
    }

    #[test]
    fn a_clock_that_steps_back_grants_nothing() {
        let start = Instant::now() + Duration::from_secs(100);
        let usage = KeyUsage::new(start);
        assert!(usage.admit(&limits(1, 0, 0), start).is_ok());
        assert!(
            usage
                .admit(&limits(1, 0, 0), start - Duration::from_secs(90))
                .is_err()
        );
    }

    #[test]
    fn concurrency_is_given_back_and_costs_no_token() {
        let now = Instant::now();
        let usage = KeyUsage::new(now);
        let limits = limits(3, 1, 0);
        let first = usage.admit(&limits, now).unwrap();
        for _ in 0..10 {
            assert_eq!(usage.admit(&limits, now).unwrap_err(), Limited::Concurrent);
        }
        drop(first);
        assert!(usage.admit(&limits, now).is_ok());
        assert!(usage.admit(&limits, now).is_ok());
        let refused = usage.admit(&limits, now).unwrap_err();
        assert!(
            matches!(refused, Limited::PerMinute { .. }),
            "three tokens in all: {refused:?}"
        );
        let later = now + Duration::from_secs(20);
        assert!(
            usage.admit(&limits, later).is_ok(),
            "a request refused for its rate holds no place"
        );
    }

    #[test]
    fn streams_are_counted_by_themselves() {
        let now = Instant::now();
        let usage = KeyUsage::new(now);
        let limits = limits(0, 0, 2);
        let (one, two) = (
            usage.open_stream(&limits).unwrap(),
            usage.open_stream(&limits).unwrap(),
        );
        assert_eq!(usage.open_stream(&limits).unwrap_err(), Limited::Streams);
        drop(one);
        assert!(usage.open_stream(&limits).is_ok());
        drop(two);
    }

    #[test]
    fn no_limit_limits_nothing() {
        let now = Instant::now();
        let usage = KeyUsage::new(now);
        let held: Vec<_> = (0..10_000)
            .map(|_| usage.admit(&limits(0, 0, 0), now).unwrap())
            .collect();
        assert_eq!(held.len(), 10_000);
    }

    #[test]
    fn the_gate_lets_in_as_many_as_it_may() {
        let gate = ConcurrencyLimit::new(2);
        let (one, two) = (gate.enter().unwrap(), gate.enter().unwrap());
        assert!(gate.enter().is_none());
        drop(one);
        assert_eq!(gate.inside(), 1);
        assert!(gate.enter().is_some());
        drop(two);
        assert_eq!(gate.inside(), 0);
    }

    #[test]
    fn guards_cross_threads() {
        fn is_send<T: Send + 'static>() {}
        is_send::<RequestPermit>();
        is_send::<StreamPermit>();
        is_send::<ConcurrencyPermit>();
        is_send::<crate::body::budget::Reservation>();
    }
}
