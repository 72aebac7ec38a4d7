//! Makes policy components, without a Rust or wasm tool chain on the machine.
//!
//! - [`compile`] puts a checked document's tables into the prebuilt engine;
//! - [`wrap`] makes a component of a guest's core module;
//! - [`with_cases`] adds cases to any component.
//!
//! The same input gives the same bytes, on every machine. Nothing here runs a component.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod component;
mod engine;
mod error;
pub mod sections;

pub use component::wrap;
pub use engine::{ENGINE, Fingerprint, fingerprint, splice};
pub use error::CompileError;
pub use sections::with_cases;

use sections::Sections;

/// The component of tables that are encoded already, with its source and, if there are any, its
/// cases.
///
/// # Errors
/// If the cases are not JSON or too long, or the tables too large for a 32-bit memory.
pub fn assemble(
    tables: &[u8],
    source: &str,
    cases_json: Option<&[u8]>,
) -> Result<Vec<u8>, CompileError> {
    let core = splice(ENGINE, tables)?;
    let component = component::encode(&core)?;
    Sections {
        source: Some(source),
        cases: cases_json,
    }
    .append_to(component)
}
