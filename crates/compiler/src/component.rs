//! Core module to component.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{
    CompileError, Wasi, data,
    names::{CoreModule, World, role},
};

/// Makes a component of a guest's core module, a policy or a wrapper of one. Which world it was built
/// for is told by its `component-type` section, as wit-bindgen leaves it, or else by the functions it
/// exports: a tool chain need not know of components to export those of a policy by their canonical
/// names.
///
/// # Errors
/// What keeps the module from being a policy, and what to do about it.
pub fn wrap(core_module: &[u8], wasi: Wasi) -> Result<Vec<u8>, CompileError> {
    let module = CoreModule::read(core_module)?;
    module.check_imports(wasi)?;
    let merged = data::merged(core_module)?;
    let component = match module.world()? {
        World::Told => encode(&merged, wasi)?,
        World::Contract => encode(&with_contract(&merged)?, wasi)?,
    };
    role(&component)?;
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

const CONTRACT: &str = include_str!("../../../wit/0.2.0/policy.wit");
