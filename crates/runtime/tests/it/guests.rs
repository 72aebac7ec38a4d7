//! The guests of `signalbox-testkit`, and what puts them into service.

use std::sync::Arc;

use signalbox_runtime::{Change, ContractVersion, Generation, Plugin, Policies, Slot};

pub(crate) use signalbox_testkit::guests::*;

pub(crate) const VERSIONS: [ContractVersion; 2] = [ContractVersion::V0_1, ContractVersion::V0_2];

/// Makes a change nobody else interferes with.
pub(crate) fn commit(slot: &Slot, change: Change) -> Arc<Policies> {
    slot.commit(&slot.load(), change).unwrap()
}

/// A generation of a plugin, in a slot of its own.
pub(crate) fn serve(plugin: Plugin) -> Arc<Generation> {
    let policies = commit(&Slot::new(), Change::new().serve("a", plugin));
    Arc::clone(policies.get("a").unwrap().live())
}
