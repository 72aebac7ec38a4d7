//! The keys of those the program has identified, and what each of them uses.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use signalbox_gate::keyring::{Grant, Key, Keyring};
use signalbox_gate::{KeyUsage, TokenRefused};

use crate::identity::Identity;

/// The key of each subject, by the id it has as a caller. Kept while it matters: as long as something of
/// it is under way, and until its minute has filled up again.
#[derive(Debug, Default)]
pub(crate) struct Subjects(Mutex<HashMap<String, Subject>>);

#[derive(Debug)]
struct Subject {
    /// The same one as long as all that it was made of is: what is decided is kept by it.
    key: Arc<Key>,
    profile: Arc<Key>,
    ends: SystemTime,
    in_use: Option<Arc<AtomicBool>>,
}

impl Subjects {
    /// The key of an identity, with the rights of its profile.
    ///
    /// # Errors
    /// If the keyring has no such profile, or the subject can be nobody's name.
    pub(crate) fn key(
        &self,
        identity: Identity,
        keyring: &Keyring,
        now: Instant,
    ) -> Result<Arc<Key>, TokenRefused> {
        let subject = &identity.subject;
        let is_plain = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && !subject.chars().any(char::is_control);
        let profile = keyring.profile(&identity.profile).filter(|_| is_plain);
        let profile = profile.ok_or(TokenRefused::Invalid)?;
        // No key of the keyring has a slash in its id.
        let id = format!("{}/{subject}", identity.profile);
        let mut subjects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = subjects.get(&id);
        if let Some(known) = known.filter(|known| known.is_of(&identity, profile)) {
            return Ok(Arc::clone(&known.key));
        }
        let usage = match known {
            Some(known) => Some(Arc::clone(&known.key.usage)),
            None => has_room(&mut subjects, now).then(|| KeyUsage::beside(&profile.usage, now)),
        };
        // When there are too many at once, those who come later share what their profile itself may
        // use: that opens nothing.
        let Some(usage) = usage else {
            return key(&identity, id, profile, Arc::clone(&profile.usage));
        };
        let key = key(&identity, id.clone(), profile, usage)?;
        let subject = Subject {
            key: Arc::clone(&key),
            profile: Arc::clone(profile),
            ends: identity.ends,
            in_use: identity.in_use,
        };
        subjects.insert(id, subject);
        Ok(key)
    }
}

impl Subject {
    /// Whether its key is that of an identity.
    fn is_of(&self, identity: &Identity, profile: &Arc<Key>) -> bool {
        let is_same_use = match (&self.in_use, &identity.in_use) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, Some(_)) | (Some(_), None) => false,
        };
        is_same_use && Arc::ptr_eq(&self.profile, profile) && self.ends == identity.ends
    }

    /// Whether forgetting it would give something back.
    fn matters(&self, now: Instant) -> bool {
        // Its key holds its usage once.
        let is_held = Arc::strong_count(&self.key) > 1 || Arc::strong_count(&self.key.usage) > 1;
        is_held || !self.key.usage.is_at_rest(now)
    }
}

fn has_room(subjects: &mut HashMap<String, Subject>, now: Instant) -> bool {
    if subjects.len() >= MOST {
        subjects.retain(|_, subject| subject.matters(now));
    }
    subjects.len() < MOST
}

fn key(
    identity: &Identity,
    id: String,
    profile: &Key,
    usage: Arc<KeyUsage>,
) -> Result<Arc<Key>, TokenRefused> {
    let mut caller = (*profile.caller).clone();
    caller.id = id;
    let in_use = identity.in_use.clone();
    let grant = Grant::new(
        identity.profile.as_str().into(),
        identity
            .ends
            .try_into()
            .map_err(|_far| TokenRefused::Invalid)?,
        in_use.unwrap_or_else(|| Arc::new(AtomicBool::new(true))),
    );
    Ok(Arc::new(Key::of_profile(profile, caller, usage, grant)))
}

/// Longer than an address or a distinguished name.
const LONGEST_SUBJECT: usize = 256;
/// Some 700 bytes each.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEYS: &str = "keys: [{id: web, profile: true, preset: chat-client, models: [gpt-4o]}]";

    struct Stage {
        subjects: Subjects,
        keyring: Keyring,
        now: Instant,
        ends: SystemTime,
    }

    impl Stage {
        fn new() -> Self {
            Self {
                subjects: Subjects::default(),
                keyring: Keyring::parse(KEYS).unwrap(),
                now: Instant::now(),
                ends: SystemTime::now() + Duration::from_secs(60),
            }
        }

        fn key(&self, profile: &str, subject: &str) -> Result<Arc<Key>, TokenRefused> {
            let identity = Identity::new(profile, subject, self.ends);
            self.subjects.key(identity, &self.keyring, self.now)
        }
    }

    #[test]
    fn a_subject_has_the_rights_of_its_profile_and_its_own_usage() {
        let stage = Stage::new();
        let profile = stage.keyring.profile("web").unwrap();
        let [ann, again, bob] = ["ann", "ann", "bob"].map(|it| stage.key("web", it).unwrap());
        assert_eq!(ann.caller.id, "web/ann");
        assert_eq!(ann.caller.models, profile.caller.models);
        assert_eq!(ann.caller.scopes, profile.caller.scopes);
        assert!(Arc::ptr_eq(&ann, &again));
        assert!(!Arc::ptr_eq(&ann.usage, &bob.usage));
    }

    #[test]
    fn what_a_key_was_made_of_makes_another_that_goes_on_with_what_was_used() {
        let mut stage = Stage::new();
        let first = stage.key("web", "ann").unwrap();
        stage.ends += Duration::from_secs(1);
        let later = stage.key("web", "ann").unwrap();
        stage.keyring = Keyring::parse(KEYS).unwrap();
        let anew = stage.key("web", "ann").unwrap();
        let in_use = Arc::new(AtomicBool::new(true));
        let identity = Identity::new("web", "ann", stage.ends).while_in_use(in_use);
        let key = stage.subjects.key(identity, &stage.keyring, stage.now);
        for other in [&later, &anew, &key.unwrap()] {
            assert!(!Arc::ptr_eq(other, &first));
            assert!(Arc::ptr_eq(&other.usage, &first.usage));
        }
    }

    #[test]
    fn who_has_no_profile_or_no_name_is_nobody() {
        let long = "x".repeat(LONGEST_SUBJECT + 1);
        for (profile, subject) in [("app", "ann"), ("web", ""), ("web", "a\nb"), ("web", &long)] {
            let refused = Stage::new().key(profile, subject);
            assert_eq!(
                refused.unwrap_err(),
                TokenRefused::Invalid,
                "{profile} {subject}"
            );
        }
    }

    #[test]
    fn too_many_share_and_those_at_rest_are_forgotten() {
        let stage = Stage::new();
        let held: Vec<_> = (0..MOST)
            .map(|number| stage.key("web", &number.to_string()).unwrap())
            .collect();
        let profile = stage.keyring.profile("web").unwrap();
        let late = stage.key("web", "late").unwrap();
        assert!(Arc::ptr_eq(&late.usage, &profile.usage));
        drop(held);
        let fresh = stage.key("web", "fresh").unwrap();
        assert!(!Arc::ptr_eq(&fresh.usage, &profile.usage));
    }
}
