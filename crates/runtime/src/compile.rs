//! From a component to machine code.
//!
//! A component can be written so that compiling a few hundred kilobytes takes minutes and gigabytes.
//! What can be told from the bytes is bounded first; the rest by the limits of a child process, if
//! there is one.

mod bound;
pub(crate) mod child;
mod order;
mod place;
mod serve;

use wasmtime::{Engine, component::Component};

pub(crate) use self::bound::Functions;
pub use self::{
    bound::CompileBound, child::ChildCompiler, place::CompileIn, serve::serve_compiler,
};

use crate::{
    Detail, LoadError,
    cache::environment::Environment,
    revive::{OwnCode, revive},
};

/// Compiles in this process.
pub(crate) fn here(engine: &Engine, component: &[u8]) -> Result<Component, LoadError> {
    Component::new(engine, component).map_err(|error| LoadError::Compile(Detail::of_chain(&error)))
}

/// Compiles in a child, for this engine.
pub(crate) fn in_child(
    child: &ChildCompiler,
    (engine, environment): (&Engine, Environment),
    memory_cap: u64,
    component: &[u8],
) -> Result<Component, LoadError> {
    let compiled = child.compile(environment, memory_cap, component)?;
    // It is not what this engine runs: another binary than ours.
    revive(engine, OwnCode::Compiled(&compiled))
        .map_err(|error| LoadError::Compiler(Detail::of_chain(&error)))
}
