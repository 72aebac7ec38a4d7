//! What each caller of a JWT uses, by its id.
//!
//! Kept while it matters: as long as something of it is under way, and until its minute has filled
//! up again. Issuers may know more people than memory has room for. When there are too many at once,
//! those who come later share what their profile itself may use: that opens nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signalbox_gate::KeyUsage as Usage;
use signalbox_gate::keyring::Key;

/// What each caller uses.
#[derive(Debug, Default)]
pub(super) struct Subjects(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    usages: HashMap<String, Arc<Usage>>,
    /// When those who rest were last let go of.
    cleared: Option<Instant>,
}

impl Subjects {
    pub(super) fn usage(&self, id: &str, profile: &Key, now: Instant) -> Arc<Usage> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(usage) = book.usages.get(id) {
            return Arc::clone(usage);
        }
        if book.usages.len() >= MOST {
            book.clear(now);
            if book.usages.len() >= MOST {
                return Arc::clone(&profile.usage);
            }
        }
        let usage = Usage::beside(&profile.usage, now);
        book.usages.insert(id.to_owned(), Arc::clone(&usage));
        usage
    }
}

impl Book {
    /// Lets go of those who use nothing. Looking at all of them takes its time, so it is done once
    /// in a while only.
    fn clear(&mut self, now: Instant) {
        let is_soon = |cleared: Instant| now.saturating_duration_since(cleared) < BETWEEN;
        if self.cleared.is_some_and(is_soon) {
            return;
        }
        self.cleared = Some(now);
        self.usages
            .retain(|_, usage| Arc::strong_count(usage) > 1 || !usage.is_at_rest(now));
    }
}

/// Some 300 bytes each. Above the number of tokens that are kept, each of which holds on to one.
const MOST: usize = 100_000;
/// A few milliseconds' work at most so often.
const BETWEEN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use signalbox_gate::keyring::Keyring;

    fn profile() -> Arc<Key> {
        let text = "keys: [{id: p, profile: true, preset: chat-client, models: all, \
                    limits: {per_minute: 1}}]";
        Arc::clone(Keyring::parse(text).unwrap().profile("p").unwrap())
    }

    #[test]
    fn a_caller_finds_what_it_used() {
        let (subjects, profile, now) = (Subjects::default(), profile(), Instant::now());
        let usage = |id| subjects.usage(id, &profile, now);
        assert!(usage("a").admit(&profile.limits, now).is_ok());
        assert!(usage("a").admit(&profile.limits, now).is_err());
        assert!(usage("b").admit(&profile.limits, now).is_ok());
    }

    #[test]
    fn too_many_callers_share_and_those_at_rest_are_forgotten() {
        let (subjects, profile, now) = (Subjects::default(), profile(), Instant::now());
        let count = || subjects.0.lock().unwrap().usages.len();
        for n in 0..MOST {
            let usage = subjects.usage(&format!("s{n}"), &profile, now);
            drop(usage.admit(&profile.limits, now).unwrap());
        }
        for id in ["late", "later"] {
            let usage = subjects.usage(id, &profile, now);
            assert!(Arc::ptr_eq(&usage, &profile.usage), "{id}");
        }
        assert_eq!(count(), MOST);
        let held = subjects.usage("s0", &profile, now);
        let minute = now + Duration::from_secs(61);
        let fresh = subjects.usage("fresh", &profile, minute);
        assert!(!Arc::ptr_eq(&fresh, &profile.usage));
        assert_eq!(count(), 2, "all but the one in use are at rest");
        assert!(Arc::ptr_eq(&held, &subjects.usage("s0", &profile, minute)));
    }
}
