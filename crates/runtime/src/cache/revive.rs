//! Machine code into a component.

use wasmtime::{Engine, component::Component};

use super::entry::Verified;

/// The component whose machine code this is. wasmtime checks once more that it was made by its own
/// version for this machine and these settings.
#[expect(
    unsafe_code,
    reason = "wasmtime cannot tell whether machine code is its own; we can"
)]
pub(super) fn revive(engine: &Engine, code: &Verified) -> wasmtime::Result<Component> {
    // SAFETY: the code must be what `Component::serialize` gave. A `Verified` is made in one place,
    // of bytes under a seal whose key is in a file that only this user can read, and what is sealed
    // with it is what `Component::serialize` gave. The bytes are ours: wasmtime copies them, and
    // nobody can change them between the check of the seal and the copy.
    unsafe { Component::deserialize(engine, code.code()) }
}
