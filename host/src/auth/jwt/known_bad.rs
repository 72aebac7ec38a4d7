//! Tokens whose signature was wrong, for a few seconds.
//!
//! By the digest of the whole token, so that nobody can make another's token bad, and for as long as
//! the key that refused it is in use: under other keys it is asked about again. A token has one place
//! in the table, which the next one takes: whoever sends many pushes out what is bad anyway.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use signalbox_gate::Digest;

use super::key_set::Signer;

/// Tokens whose signature was wrong.
#[derive(Debug)]
pub(super) struct KnownBad(Box<[Mutex<Option<Bad>>]>);

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub(super) digest: Digest,
    /// The key it was not signed with.
    pub(super) signer: Arc<Signer>,
    pub(super) since: Instant,
    /// Counts how often it was found.
    pub(super) found: Counter,
}

impl KnownBad {
    pub(super) fn find(&self, digest: &Digest, now: Instant) -> Option<Bad> {
        let place = self.place(digest)?;
        let bad = place.as_ref().filter(|bad| {
            bad.digest == *digest
                && bad.signer.is_in_use()
                && now.saturating_duration_since(bad.since) < KEPT
        });
        bad.cloned()
    }

    pub(super) fn keep(&self, bad: Bad) {
        if let Some(mut place) = self.place(&bad.digest) {
            *place = Some(bad);
        }
    }

    fn place(&self, digest: &Digest) -> Option<MutexGuard<'_, Option<Bad>>> {
        let place = self.0.get(digest.part(self.0.len()))?;
        Some(place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for KnownBad {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(MOST).collect())
    }
}

/// Some 300 KiB.
const MOST: usize = 4_096;
/// A client that tries again by itself does so within it.
const KEPT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::auth::jwt::key_set::KeySet;
    use crate::auth::jwt::tests_of_keys::SET;
    use crate::config::JwtAlgorithm;

    fn keys(before: Option<&KeySet>, text: &str) -> KeySet {
        let now = Timestamp::UNIX_EPOCH;
        KeySet::read(text.as_bytes(), &JwtAlgorithm::ALL, before, now).unwrap()
    }

    fn bad(token: &str, keys: &KeySet, since: Instant) -> Bad {
        Bad {
            digest: Digest::of(token),
            signer: Arc::clone(keys.signer(Some("k")).unwrap()),
            since,
            found: Counter::default(),
        }
    }

    #[test]
    fn what_is_bad_is_known_for_seconds() {
        let (table, now, keys) = (KnownBad::default(), Instant::now(), keys(None, SET));
        table.keep(bad("a", &keys, now));
        let is_known = |token, after| table.find(&Digest::of(token), now + after).is_some();
        assert!(is_known("a", Duration::ZERO));
        assert!(is_known("a", KEPT - Duration::from_nanos(1)));
        assert!(!is_known("a", KEPT));
        assert!(!is_known("b", Duration::ZERO), "another token is another");
    }

    #[test]
    fn under_another_key_it_is_asked_about_again() {
        let (table, now, old) = (KnownBad::default(), Instant::now(), keys(None, SET));
        table.keep(bad("a", &old, now));
        let same = keys(Some(&old), SET);
        old.give_way_to(&same);
        assert!(table.find(&Digest::of("a"), now).is_some(), "the same key");
        let new = keys(Some(&same), &SET.replace("11qY", "11qZ"));
        same.give_way_to(&new);
        assert!(table.find(&Digest::of("a"), now).is_none());
    }

    #[test]
    fn many_take_no_more_room_and_push_each_other_out() {
        let (table, now, keys) = (KnownBad::default(), Instant::now(), keys(None, SET));
        let count = 3 * MOST;
        for n in 0..count {
            table.keep(bad(&n.to_string(), &keys, now));
        }
        let known = |n: &usize| table.find(&Digest::of(&n.to_string()), now).is_some();
        let left = (0..count).filter(known).count();
        assert!((MOST / 2..=MOST).contains(&left), "{left}");
        assert!(known(&(count - 1)), "the last one is there");
    }
}
