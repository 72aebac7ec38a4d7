//! A component that was loaded, and is not serving for that.

use std::sync::Arc;

use signalbox_runtime::{Digest, Plugin};

/// A component as it was loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) plugin: Plugin,
    /// The tables of a trusted one.
    pub(crate) tables: Option<Arc<[u8]>>,
}

impl Loaded {
    pub(crate) fn digest(&self) -> Digest {
        self.plugin.digest()
    }
}
