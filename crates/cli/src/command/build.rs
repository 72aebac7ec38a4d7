//! `signalbox build`: a document, or a guest's core module, to a component.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use crate::{
    exit::Exit,
    output,
    policy_file::{PolicyFile, print_diagnostics},
    whole_file,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A policy document, a guest's core module, or a component to add cases to.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the component goes.
    #[arg(short, long, value_name = "POLICY.wasm")]
    output: PathBuf,
    /// Cases for the component to carry; a document brings its own.
    #[arg(long, value_name = "CASES.yaml")]
    cases: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(file) = PolicyFile::read(&arguments.file)? else {
        return Ok(Exit::InvalidPolicy);
    };
    let mut component = match file {
        PolicyFile::CoreModule(module) => signalbox_compiler::wrap(&module)?,
        other => other.into_component()?,
    };
    if let Some(path) = &arguments.cases {
        let Some(cases) = read_cases(path)? else {
            return Ok(Exit::InvalidPolicy);
        };
        component = signalbox_compiler::with_cases(&component, &cases)?;
    }
    whole_file::write(&arguments.output, &component)?;
    output::talk(&format!(
        "{}: {} bytes",
        arguments.output.display(),
        component.len()
    ));
    Ok(Exit::Ok)
}

fn read_cases(path: &std::path::Path) -> anyhow::Result<Option<Vec<u8>>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    match signalbox_policy::read_cases(&text) {
        Ok(cases) => Ok(Some(serde_json::to_vec(&cases)?)),
        Err(diagnostics) => {
            print_diagnostics(&path.display().to_string(), &text, &diagnostics);
            Ok(None)
        }
    }
}
