//! Machine code into a component.

use wasmtime::{Engine, component::Component};

use crate::{cache::entry::Verified, compile::child::Compiled};

/// Machine code of which it is known that this binary's compiler made it.
#[derive(Clone, Copy)]
pub(crate) enum OwnCode<'a> {
    /// Under the seal of the cache.
    Sealed(&'a Verified),
    /// From the child that compiles.
    Compiled(&'a Compiled),
}

/// The component whose machine code this is. wasmtime checks once more that it was made by its own
/// version for this machine and these settings.
#[expect(
    unsafe_code,
    reason = "wasmtime cannot tell whether machine code is its own; we can"
)]
pub(crate) fn revive(engine: &Engine, code: OwnCode<'_>) -> wasmtime::Result<Component> {
    let code = match code {
        OwnCode::Sealed(verified) => verified.code(),
        OwnCode::Compiled(compiled) => compiled.code(),
    };
    // SAFETY: the code must be what `Component::serialize` gave. A `Verified` is made in one place,
    // of bytes under a seal whose key is in a file that only this user can read, and what is sealed
    // with it is what `Component::serialize` gave. A `Compiled` is made in one place, of what a
    // child wrote to a pipe that nobody else has the other end of; the child is the program that
    // the embedder vouches for, and writes what `Engine::precompile_component` gave. The bytes are
    // ours: wasmtime copies them, and nobody can change them before the copy.
    unsafe { Component::deserialize(engine, code) }
}
