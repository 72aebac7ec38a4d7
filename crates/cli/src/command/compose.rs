//! `signalbox compose`: a wrapper before a policy, as one component.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::{
    component_file::{ComponentFile, Written},
    exit::Exit,
    given_values::GivenValues,
    policy_file::PolicyFile,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A component that asks another policy, of the world `signalbox-wrapper`.
    #[arg(value_name = "OUTER.wasm")]
    outer: PathBuf,
    /// What it asks: a component, or a policy document.
    #[arg(value_name = "INNER")]
    inner: PathBuf,
    #[command(flatten)]
    made: ComponentFile,
    #[command(flatten)]
    values: GivenValues,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(outer) = PolicyFile::read(&arguments.outer, &signalbox_policy::Values::new())? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(inner) = PolicyFile::read(&arguments.inner, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let outer = component(outer, &arguments.outer)?;
    let inner = component(inner, &arguments.inner)?;
    let composed = signalbox_compiler::compose(&outer, &inner)?;
    Ok(match arguments.made.write(composed)? {
        Written::Yes => Exit::Ok,
        Written::No => Exit::InvalidPolicy,
    })
}

fn component(file: PolicyFile, path: &Path) -> anyhow::Result<Vec<u8>> {
    file.into_component()
        .with_context(|| path.display().to_string())
}
