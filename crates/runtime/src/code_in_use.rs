//! The machine code that is in use in this process, so that a component behind two names is
//! compiled once and held once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use wasmtime::component::Component;

use crate::Digest;

/// Machine code by the digest of its component; each for as long as a plugin has it.
#[derive(Default)]
pub(crate) struct CodeInUse(Mutex<HashMap<Digest, Weak<Component>>>);

impl CodeInUse {
    /// The code of a component, if somebody has it.
    pub(crate) fn get(&self, digest: Digest) -> Option<Arc<Component>> {
        self.all().get(&digest)?.upgrade()
    }

    /// Notes what somebody has from now on, and forgets what nobody has any more.
    pub(crate) fn note(&self, digest: Digest, code: &Arc<Component>) {
        let mut all = self.all();
        all.retain(|_, code| code.strong_count() > 0);
        all.insert(digest, Arc::downgrade(code));
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Weak<Component>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
