//! Core module to component.

use wasmparser::{Encoding, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{CompileError, Wasi, engine::is_world};

/// Makes a policy component of a guest's core module. Which world it was built for is told by its
/// `component-type` section, as wit-bindgen leaves it, or else by the functions it exports: a tool
/// chain need not know of components to export those of the contract by their canonical names.
///
/// # Errors
/// What keeps the module from being a policy, and what to do about it.
pub fn wrap(core_module: &[u8], wasi: Wasi) -> Result<Vec<u8>, CompileError> {
    let module = Module::read(core_module)?;
    module.check_imports(wasi)?;
    let component = if module.has_world {
        encode(core_module, wasi)?
    } else if module.has_contract {
        encode(&with_contract(core_module)?, wasi)?
    } else {
        return Err(CompileError::NoWorld);
    };
    check_exports(&component)?;
    Ok(component)
}

/// Encodes without asking what the module is for.
pub(crate) fn encode(core_module: &[u8], wasi: Wasi) -> Result<Vec<u8>, CompileError> {
    let encoder = ComponentEncoder::default().validate(true);
    let encoder = encoder.module(core_module);
    let with_stubs = wasi.stubs().iter().fold(encoder, |encoder, (name, stub)| {
        encoder.and_then(|encoder| encoder.adapter(name, stub))
    });
    let component = with_stubs.and_then(|mut encoder| encoder.encode());
    component.map_err(|error| CompileError::Encode(error.into()))
}

/// The module with the section that says it was built for the contract.
fn with_contract(core_module: &[u8]) -> Result<Vec<u8>, CompileError> {
    let mut resolve = Resolve::default();
    let world = resolve
        .push_str("policy.wit", CONTRACT)
        .and_then(|package| resolve.select_world(&[package], Some("signalbox-policy")));
    let mut module = core_module.to_vec();
    world
        .and_then(|world| {
            embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        })
        .map_err(|error| CompileError::Encode(error.into()))?;
    Ok(module)
}

/// What there is to know of a core module before the encoder finds it in its own words.
#[derive(Default)]
struct Module<'a> {
    imports: Vec<(&'a str, &'a str)>,
    has_world: bool,
    has_contract: bool,
}

impl<'a> Module<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, CompileError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(CompileError::NotWasm);
        }
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Component,
                    ..
                } => return Err(CompileError::IsComponent),
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        module.imports.push((import.module, import.name));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        module.has_contract |= export?.name == DECIDE;
                    }
                }
                Payload::CustomSection(custom) => module.has_world |= is_world(custom.name()),
                _ => {}
            }
        }
        Ok(module)
    }

    fn check_imports(&self, wasi: Wasi) -> Result<(), CompileError> {
        let mut imports = self.imports.iter();
        let Some((module, name)) = imports.find(|(module, _)| !wasi.answers(module)) else {
            return Ok(());
        };
        let (module, name) = ((*module).to_owned(), (*name).to_owned());
        Err(if Wasi::STUBBED.answers(&module) {
            CompileError::Wasi { module, name }
        } else {
            CompileError::Imports { module, name }
        })
    }
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

const CONTRACT: &str = include_str!("../../../wit/0.2.0/policy.wit");

/// The canonical name of the function that every policy has.
const DECIDE: &str = "signalbox:policy/policy@0.2.0#decide";
