//! The keyring in use, and its replacement when the file changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use jiff::Timestamp;

use crate::config::{KeyLimits, KeySource};
use crate::credentials::Credentials;
use crate::keyring::{Key, Keyring, KeyringError, LARGEST_FILE, Opener, Standing};
use crate::watch::Watch;

/// The keyring in use. A file that cannot be used changes nothing: the last good one stays.
#[derive(Debug)]
pub struct Keys {
    current: ArcSwap<Keyring>,
    unset: KeyLimits,
    credentials: Arc<Credentials>,
    /// `None` for a keyring that came as text: there is nothing to read again.
    watch: Option<Mutex<Watch>>,
    /// What served before. A worker may have been about to look something up in it: it is let go of
    /// at the next look, so that no request has to free a hundred thousand keys.
    retired: Mutex<Vec<Arc<Keyring>>>,
}

impl Keys {
    /// Reads the keyring for the first time.
    ///
    /// # Errors
    /// If it cannot be used: a host does not start without one.
    pub fn load(
        source: &KeySource,
        unset: KeyLimits,
        credentials: Arc<Credentials>,
    ) -> Result<Self, KeyringError> {
        let (watch, text) = match source {
            KeySource::Text(text) => (None, text.clone()),
            KeySource::File(path) => {
                let opened = Watch::open(path, LARGEST_FILE);
                let (watch, text) = opened.map_err(|source| KeyringError::file(path, source))?;
                (Some(Mutex::new(watch)), text)
            }
        };
        let keyring = Keyring::parse_after(&text, unset, &Keyring::default())?;
        keyring.check_credentials(&|name| credentials.identity(name))?;
        Ok(Self {
            current: ArcSwap::from_pointee(keyring),
            unset,
            credentials,
            watch,
            retired: Mutex::default(),
        })
    }

    /// The keyring in use.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Keyring>> {
        self.current.load()
    }

    /// Takes the file if it has changed; `None` if there is nothing new.
    ///
    /// # Errors
    /// If it cannot be used; then the last good one stays.
    pub fn poll(&self) -> Option<Result<Arc<Keyring>, KeyringError>> {
        let mut watch = self
            .watch
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let text = watch.poll_text(LARGEST_FILE)?;
        Some(self.replace(text.map_err(|source| KeyringError::file(watch.path(), source))))
    }

    /// Takes the file now, whether it has changed or not.
    ///
    /// # Errors
    /// If it cannot be used; then the last good one stays.
    pub fn reload(&self) -> Result<Arc<Keyring>, KeyringError> {
        let Some(watch) = &self.watch else {
            return Ok(self.current.load_full());
        };
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        let text = watch.read_text(LARGEST_FILE);
        self.replace(text.map_err(|source| KeyringError::file(watch.path(), source)))
    }

    /// Whether a key taken earlier, for a stream that is still open, may still be used: its entry is
    /// there, has the same token, and is neither revoked nor expired. For a JWT: its profile is
    /// there and neither revoked nor expired, and its own time and that of the key it was signed
    /// with are not over.
    #[must_use]
    pub fn still_admits(&self, key: &Key, now: Timestamp) -> bool {
        let keyring = self.current.load();
        let known = match key.opener() {
            Opener::Token(token) => keyring
                .find(token)
                .filter(|known| known.caller.id == key.caller.id),
            Opener::Jwt(grant) if grant.holds() && !key.is_expired(now) => {
                keyring.profile(grant.profile())
            }
            Opener::Jwt(_) | Opener::Profile => None,
        };
        known.is_some_and(|known| known.standing(now) == Standing::Valid)
    }

    /// Checks again who shares which GT key, after one of them has changed.
    ///
    /// # Errors
    /// If strangers now share one. The keyring stays: the operator must part the GT keys.
    pub fn recheck_credentials(&self) -> Result<(), KeyringError> {
        self.current
            .load()
            .check_credentials(&|name| self.credentials.identity(name))
    }

    /// Under the lock of the watch, so that an older text never replaces a newer one.
    fn replace(&self, text: Result<String, KeyringError>) -> Result<Arc<Keyring>, KeyringError> {
        let keyring = Keyring::parse_after(&text?, self.unset, &self.current.load())?;
        keyring.check_credentials(&|name| self.credentials.identity(name))?;
        let keyring = Arc::new(keyring);
        let before = self.current.swap(Arc::clone(&keyring));
        self.lock_retired().push(before);
        Ok(keyring)
    }

    /// Frees what served before and nobody looks at any more.
    pub fn free_retired(&self) {
        let mut retired = self.lock_retired();
        let (kept, free) = std::mem::take(&mut *retired)
            .into_iter()
            .partition(|keyring: &Arc<Keyring>| Arc::strong_count(keyring) > 1);
        *retired = kept;
        drop(retired);
        drop::<Vec<_>>(free);
    }

    fn lock_retired(&self) -> MutexGuard<'_, Vec<Arc<Keyring>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
