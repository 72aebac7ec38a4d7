//! A component that was loaded, and is not serving for that.

use std::sync::Arc;

use signalbox_runtime::{Digest, Plugin, trust};

/// A component as it was loaded.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) plugin: Plugin,
    /// The tables of a trusted one.
    pub(crate) tables: Option<Arc<[u8]>>,
}

impl Loaded {
    /// A plugin, and the component it was loaded from.
    pub(crate) fn new(plugin: Plugin, component: &[u8]) -> Self {
        let tables = plugin.is_trusted().then(|| trust::tables(component));
        let tables = tables.and_then(|tables| Some(tables.ok()?.into()));
        Self { plugin, tables }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.plugin.digest()
    }
}
