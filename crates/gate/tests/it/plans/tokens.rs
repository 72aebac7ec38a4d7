//! Callers who show a JWT.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::Timestamp;
use signalbox_gate::keyring::{Grant, Key, Keyring};
use signalbox_gate::{KeyUsage, TokenLookup, TokenVerifier};
use signalbox_policy::Caller;

/// Callers of the profile `web`, by tokens `jwt.SCOPES.`: known as long as the profile is the same.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Measured>>);

#[derive(Debug)]
struct Measured {
    profile: Arc<Key>,
    key: Arc<Key>,
}

impl TokenVerifier for Tokens {
    fn takes(&self, token: &str) -> bool {
        token.starts_with("jwt.")
    }

    fn look_up(&self, token: &str, keyring: &Keyring) -> TokenLookup {
        let Some(profile) = keyring.profile("web") else {
            return TokenLookup::Refused;
        };
        let mut known = self.0.lock().unwrap();
        if let Some(measured) = known.get(token)
            && Arc::ptr_eq(&measured.profile, profile)
        {
            return TokenLookup::Key(Arc::clone(&measured.key));
        }
        let is_held = |scope: &&String| token.contains(scope.rsplit(':').next().unwrap());
        let caller = Caller {
            // All callers have the same id: only what they are granted differs.
            id: "web/caller".into(),
            scopes: profile
                .caller
                .scopes
                .iter()
                .filter(is_held)
                .cloned()
                .collect(),
            ..(*profile.caller).clone()
        };
        let ends = Timestamp::from_second(1 << 32).unwrap();
        let grant = Grant::new("web".into(), ends, Arc::new(AtomicBool::new(true)));
        let usage = KeyUsage::new(Instant::now());
        let key = Arc::new(Key::of_profile(profile, caller, usage, grant));
        let measured = Measured {
            profile: Arc::clone(profile),
            key: Arc::clone(&key),
        };
        known.insert(token.to_owned(), measured);
        TokenLookup::Key(key)
    }
}
