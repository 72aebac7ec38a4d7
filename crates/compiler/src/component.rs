//! Core module to component.

use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::{CompileError, engine::is_world};

/// Makes a policy component of a guest's core module, which carries the world it was built for in
/// a `component-type` section, as wit-bindgen leaves it.
///
/// # Errors
/// What keeps the module from being a policy, and what to do about it.
pub fn wrap(core_module: &[u8]) -> Result<Vec<u8>, CompileError> {
    check_module(core_module)?;
    let component = encode(core_module)?;
    check_exports(&component)?;
    Ok(component)
}

/// Encodes without asking what the module is for.
pub(crate) fn encode(core_module: &[u8]) -> Result<Vec<u8>, CompileError> {
    let encoder = ComponentEncoder::default()
        .validate(true)
        .module(core_module);
    let component = encoder.and_then(|mut encoder| encoder.encode());
    component.map_err(|error| CompileError::Encode(error.into()))
}

/// The mistakes that are easy to make, before the encoder finds them in its own words.
fn check_module(core_module: &[u8]) -> Result<(), CompileError> {
    if !core_module.starts_with(b"\0asm") {
        return Err(CompileError::NotWasm);
    }
    let mut has_world = false;
    for payload in Parser::new(0).parse_all(core_module) {
        match payload? {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => {
                return Err(CompileError::IsComponent);
            }
            Payload::ImportSection(imports) => {
                if let Some(import) = imports.into_imports().next() {
                    let import = import?;
                    return Err(CompileError::Imports {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                    });
                }
            }
            Payload::CustomSection(custom) => has_world |= is_world(custom.name()),
            _ => {}
        }
    }
    has_world.then_some(()).ok_or(CompileError::NoWorld)
}

fn check_exports(component: &[u8]) -> Result<(), CompileError> {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    if export?.name.name.starts_with("signalbox:policy/policy@") {
                        return Ok(());
                    }
                }
            }
            _ => {}
        }
    }
    Err(CompileError::NotAPolicy)
}
