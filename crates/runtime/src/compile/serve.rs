//! The process that compiles: one component, within its bounds.

use std::io::{self, Read, Write};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wasmtime::{Engine, OutOfMemory};

use super::order::{CODE, INVALID, MEMORY, OTHER_ENGINE, Order};
use crate::{Detail, cache::environment::Environment, engine};

/// Compiles the component that `input` has for a [`ChildCompiler`](crate::ChildCompiler), and
/// writes the machine code to `output`. For a process that does nothing else: its time and its
/// memory are bounded from here on, and it ends with its parent.
///
/// # Errors
/// `input` is not that of such a parent, the process cannot be bounded, or nobody reads `output`.
pub fn serve_compiler(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    end_with_parent()?;
    let order = Order::read(&mut input)?;
    bound(order)?;
    let mut component = Vec::new();
    input.read_to_end(&mut component)?;
    let (tag, bytes) = answer(order, &component);
    output.write_all(&[tag])?;
    output.write_all(&bytes)?;
    output.flush()
}

fn answer(order: Order, component: &[u8]) -> (u8, Vec<u8>) {
    let is_asked = |engine: &Engine| Environment::of(engine).as_bytes() == &order.environment;
    let mut engines = engine::compilers(order.memory_cap).flatten();
    let Some(engine) = engines.find(is_asked) else {
        return (OTHER_ENGINE, Vec::new());
    };
    match engine.precompile_component(component) {
        Ok(code) => (CODE, code),
        Err(error) if error.is::<OutOfMemory>() => (MEMORY, Vec::new()),
        Err(error) => (
            INVALID,
            Detail::of_chain(&error).as_str().as_bytes().to_vec(),
        ),
    }
}

/// Whoever asked may be killed: nobody would read the answer.
fn end_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

fn bound(order: Order) -> io::Result<()> {
    // Ending at a bound is nothing to be looked into, and a component may be a secret.
    limit(Resource::Core, 0, 0)?;
    limit(
        Resource::Cpu,
        order.seconds,
        order.seconds.saturating_add(1),
    )?;
    limit(Resource::As, order.memory, order.memory)
}

/// Limits only ever go down.
fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let held = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit {
        current: Some(soft.min(held)),
        maximum: Some(hard.min(held)),
    };
    Ok(setrlimit(resource, new)?)
}
