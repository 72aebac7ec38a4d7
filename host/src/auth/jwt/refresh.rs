//! Key sets taken over while the host serves.
//!
//! Fetched every so often, and when a token names a key that is not known: then at once, but never
//! sooner after the last time than `retry`, however many such tokens come. After a failure the wait
//! doubles, up to the usual one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::fetch::Fetch;
use super::issuer::{Issuer, Source};
use crate::file_watcher::FileWatcher;

/// For ever, each by itself: one that stalls holds up no other.
pub(super) async fn all(issuers: &[Arc<Issuer>]) {
    let mut tasks = JoinSet::new();
    for issuer in issuers {
        tasks.spawn(one(Arc::clone(issuer)));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(panicked) = ended {
            std::panic::resume_unwind(panicked.into_panic());
        }
    }
}

async fn one(issuer: Arc<Issuer>) {
    match issuer.source() {
        Source::File(watch) => follow(&issuer, watch).await,
        Source::Url(fetch) => ask(&issuer, fetch).await,
    }
}

async fn follow(issuer: &Issuer, watch: &Mutex<FileWatcher>) {
    let mut look = interval(LOOK);
    loop {
        look.tick().await;
        if let Some(outcome) = issuer.poll(watch) {
            issuer.note(outcome);
        }
    }
}

async fn ask(issuer: &Issuer, fetch: &Fetch) {
    let settings = issuer.settings();
    let (refresh, retry) = (settings.refresh.duration(), settings.retry.duration());
    let mut failures = u32::from(!issuer.has_keys());
    loop {
        let last = Instant::now();
        // Whoever asks, it is not sooner than `retry`.
        let _ = timeout(wait(refresh, retry, failures), issuer.wanted.notified()).await;
        sleep_until(last + retry).await;
        let outcome = issuer.fetch(fetch).await;
        failures = if issuer.note(outcome) {
            0
        } else {
            failures + 1
        };
    }
}

/// How long until the next time, if nobody asks.
fn wait(refresh: Duration, retry: Duration, failures: u32) -> Duration {
    match failures {
        0 => refresh,
        failures => refresh.min(retry.saturating_mul(1 << (failures - 1).min(10))),
    }
}

/// As for every other watched file.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_failures_and_end_with_them() {
        let seconds = Duration::from_secs;
        let waits = |failures| wait(seconds(600), seconds(10), failures);
        assert_eq!(waits(0), seconds(600));
        assert_eq!([waits(1), waits(2), waits(3)], [10, 20, 40].map(seconds));
        assert_eq!(waits(u32::MAX), seconds(600));
    }
}
