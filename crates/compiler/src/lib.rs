//! Makes policy components, without a Rust or wasm tool chain on the machine.
//!
//! - [`compile`] puts a checked document's tables into the prebuilt engine;
//! - [`wrap`] makes a component of a guest's core module;
//! - [`compose`] puts a wrapper before a policy;
//! - [`role`] says what a component is for, or what keeps it from being a policy;
//! - [`with_cases`] adds cases to any component;
//! - [`document_of`] says which document a component was compiled from.
//!
//! The same input gives the same bytes, on every machine. Nothing here runs a component.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod component;
mod composition;
mod data;
mod engine;
mod error;
mod names;
pub mod sections;
mod wasi;

pub use component::wrap;
pub use composition::{ComposeError, MOST_POLICIES, compose};
pub use engine::{ENGINE, Fingerprint, fingerprint, splice};
pub use error::CompileError;
pub use names::{Role, role};
pub use sections::with_cases;
pub use wasi::{Wasi, stubs};

use sections::Sections;
use signalbox_policy::Policy;

/// The component of a checked document: it decides as the policy does, and carries `source`, the
/// document's text, and the cases the document has.
///
/// # Errors
/// If the cases are too long, or the policy too large for a 32-bit memory.
pub fn compile(policy: &Policy, source: &str) -> Result<Vec<u8>, CompileError> {
    let tables = policy.tables()?;
    let cases = match policy.cases() {
        // Without the section, an operator can still add cases.
        [] => None,
        cases => Some(serde_json::to_vec(cases).map_err(CompileError::CasesNotJson)?),
    };
    let component = component::encode(&splice(ENGINE, &tables)?, Wasi::Refused)?;
    let sections = Sections {
        source: Some(source),
        cases: cases.as_deref(),
    };
    sections.append_to(component)
}

/// The document a component was compiled from, checked: the one it carries, if compiling that gives
/// this very component, with whatever cases were added to it. Anybody can put a document into a
/// component that decides something else, and so can another version of this compiler have made it.
#[must_use]
pub fn document_of(component: &[u8]) -> Option<Policy> {
    let carried = sections::read(component).ok()?;
    let source = carried.source?;
    let policy = signalbox_policy::read(source).ok()?;
    let mut compiled = compile(&policy, source).ok()?;
    if policy.cases().is_empty()
        && let Some(cases) = carried.cases
    {
        compiled = with_cases(&compiled, cases).ok()?;
    }
    (compiled == component).then_some(policy)
}
