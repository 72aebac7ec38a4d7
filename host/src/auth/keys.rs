//! The keyring in use, and its replacement when the file changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use signalbox_gate::{Credentials, LiveKeyring, Secret};
use signalbox_runtime::Digest;

use crate::config::{KeyLimits, KeySource};
use crate::file_watcher::FileWatcher;
use signalbox_gate::keyring::{Keyring, KeyringError, LARGEST_FILE};

/// The keyring in use. A file that cannot be used changes nothing: the last good one stays.
#[derive(Debug)]
pub struct Keys {
    live: Arc<LiveKeyring>,
    /// Of the text of that keyring.
    digest: ArcSwap<Digest>,
    unset: KeyLimits,
    credentials: Arc<Credentials>,
    /// Who shares what is checked against what is there: one thing changes at a time.
    change: Mutex<()>,
    /// Whether the keyring that was read last waits for another GT key.
    waits: AtomicBool,
    /// `None` for a keyring that came as text: there is nothing to read again.
    watch: Option<Mutex<FileWatcher>>,
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
                let opened = FileWatcher::open(path, LARGEST_FILE);
                let (watch, text) = opened.map_err(|source| KeyringError::file(path, source))?;
                (Some(Mutex::new(watch)), text)
            }
        };
        let keyring = Keyring::parse_after(&text, unset, &Keyring::default())?;
        keyring.check_credentials(&|name| credentials.identity(name))?;
        Ok(Self {
            live: Arc::new(LiveKeyring::new(keyring)),
            digest: ArcSwap::from_pointee(Digest::of(text.as_bytes())),
            unset,
            credentials,
            change: Mutex::default(),
            waits: AtomicBool::new(false),
            watch,
        })
    }

    /// The keyring in use.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Keyring>> {
        self.live.current()
    }

    /// The keyring in use, and whatever replaces it.
    #[must_use]
    pub const fn live(&self) -> &Arc<LiveKeyring> {
        &self.live
    }

    /// SHA-256 of the text of the keyring in use. Who reads it here is answered by that keyring or
    /// a newer one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        **self.digest.load()
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

    /// Whether the file was refused for a GT key: another one may make it right.
    pub(crate) fn waits_for_credentials(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Takes the file now, whether it has changed or not.
    ///
    /// # Errors
    /// If it cannot be used; then the last good one stays.
    pub fn reload(&self) -> Result<Arc<Keyring>, KeyringError> {
        let Some(watch) = &self.watch else {
            return Ok(self.live.current_full());
        };
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        let text = watch.read_text(LARGEST_FILE);
        self.replace(text.map_err(|source| KeyringError::file(watch.path(), source)))
    }

    /// Takes over GT keys by their names, all at once, for two may change places. But those that
    /// strangers would share stay as they are: gives why, by name. The operator must part them.
    pub(crate) fn take_credentials(
        &self,
        next: &BTreeMap<String, Secret>,
    ) -> BTreeMap<String, Arc<KeyringError>> {
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let keyring = self.live.current();
        let (mut taken, mut refused) = (next.clone(), BTreeMap::new());
        // What is as it was is not what is wrong.
        taken.retain(|name, secret| self.credentials.identity(name) != Some(secret.identity()));
        while !taken.is_empty() {
            let identity = |name: &str| match taken.get(name) {
                Some(secret) => Some(secret.identity()),
                None => self.credentials.identity(name),
            };
            let Err(error) = keyring.check_credentials(&identity) else {
                break;
            };
            // Whoever is kept back has the GT key it had, which may be another's now: then that one
            // is found the next time.
            let shared = error.shared_credential().and_then(identity);
            let is_shared = |secret: &Secret| shared == Some(secret.identity());
            let (mut kept_back, rest): (BTreeMap<_, _>, _) =
                taken.into_iter().partition(|(_, secret)| is_shared(secret));
            taken = rest;
            if kept_back.is_empty() {
                // None of these is what is wrong: then nothing changes.
                kept_back = std::mem::take(&mut taken);
            }
            let error = Arc::new(error);
            refused.extend(kept_back.into_keys().map(|name| (name, Arc::clone(&error))));
        }
        for (name, secret) in taken {
            self.credentials.replace(&name, secret);
        }
        refused
    }

    /// Under the lock of the watch, so that an older text never replaces a newer one.
    fn replace(&self, text: Result<String, KeyringError>) -> Result<Arc<Keyring>, KeyringError> {
        self.waits.store(false, Ordering::Relaxed);
        let text = text?;
        let keyring = Keyring::parse_after(&text, self.unset, &self.live.current())?;
        let _change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = keyring.check_credentials(&|name| self.credentials.identity(name));
        self.waits.store(checked.is_err(), Ordering::Relaxed);
        checked?;
        // Who starts with such a key meant to; nobody means to take one over.
        if self.live.current().demo_key().is_none() {
            keyring.check_demo_tokens()?;
        }
        let keyring = self.live.replace(keyring);
        self.digest.store(Arc::new(Digest::of(text.as_bytes())));
        Ok(keyring)
    }
}

#[cfg(test)]
mod tests;
