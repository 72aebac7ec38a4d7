//! Tokens whose signature was right, by digest alone.
//!
//! What is kept of a token in `cache.rs` may be large, and gives way to others; that its signature was
//! right takes some bytes. So a token that was verified waits for no forger's check again. It holds for
//! the key that signed it, as long as that is in use; all else is read anew.

use std::sync::{Arc, Mutex, PoisonError};

use signalbox_gate::Digest;

use super::key_set::Signer;

/// Tokens whose signature was right, and the key it was right by. A token has one place, which the next
/// one of that place takes.
#[derive(Debug)]
pub(super) struct Verified(Box<[Mutex<Option<Known>>]>);

#[derive(Debug)]
struct Known {
    digest: Digest,
    signer: Arc<Signer>,
}

impl Verified {
    pub(super) fn contains(&self, digest: &Digest, signer: &Arc<Signer>) -> bool {
        let Some(place) = self.0.get(digest.part(self.0.len())) else {
            return false;
        };
        let place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &Known| known.digest == *digest && Arc::ptr_eq(&known.signer, signer);
        place.as_ref().is_some_and(is_it)
    }

    pub(super) fn keep(&self, digest: Digest, signer: &Arc<Signer>) {
        if let Some(place) = self.0.get(digest.part(self.0.len())) {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            let signer = Arc::clone(signer);
            *place = Some(Known { digest, signer });
        }
    }
}

impl Default for Verified {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(MOST).collect())
    }
}

/// As many as `cache.rs` keeps of those that are small; some 3 MiB.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::auth::jwt::key_set::KeySet;
    use crate::auth::jwt::tests_of_keys::SET;
    use crate::config::JwtAlgorithm;

    #[test]
    fn a_token_is_known_under_the_key_that_signed_it_and_no_other() {
        let read = |text: &str| {
            let now = Timestamp::UNIX_EPOCH;
            KeySet::read(text.as_bytes(), &JwtAlgorithm::ALL, None, now).unwrap()
        };
        let (set, other) = (read(SET), read(&SET.replace("11qY", "11qZ")));
        let [signer, other] = [&set, &other].map(|set| Arc::clone(set.signer(Some("k")).unwrap()));
        let verified = Verified::default();
        let (token, another) = (Digest::of("a"), Digest::of("b"));
        assert!(!verified.contains(&token, &signer));
        verified.keep(token, &signer);
        assert!(verified.contains(&token, &signer));
        assert!(!verified.contains(&token, &other));
        assert!(!verified.contains(&another, &signer));
    }
}
