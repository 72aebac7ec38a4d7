//! `signalbox build`: a document, or a guest's core module, to a component.

mod snapshot;

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use signalbox_compiler::Wasi;

use crate::{
    cases_file,
    exit::{Exit, Misused},
    given_values::GivenValues,
    output,
    policy_file::{GtRoutesFile, PolicyFile},
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
    /// Put a stub of WASI 0.1 into the component of a core module that imports it: a clock that
    /// counts, no files, nothing random.
    #[arg(long)]
    stub_wasi: bool,
    /// Begin the module now, and put into the component what that has left in memory: a fresh instance
    /// begins there.
    #[arg(long, requires = "stub_wasi")]
    snapshot: bool,
    #[command(flatten)]
    values: GivenValues,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let Some(file) = PolicyFile::read(&arguments.file, &values)? else {
        return Ok(Exit::InvalidPolicy);
    };
    if !file.fits_gt_routes(&arguments.file, &arguments.gt_routes)? {
        return Ok(Exit::InvalidPolicy);
    }
    let mut component = match file {
        PolicyFile::CoreModule(module) if arguments.snapshot => {
            let begun = snapshot::begun(&module)?;
            signalbox_compiler::wrap(&begun.module, begun.wasi)?
        }
        PolicyFile::CoreModule(module) => {
            let wasi = if arguments.stub_wasi {
                Wasi::STUBBED
            } else {
                Wasi::Refused
            };
            signalbox_compiler::wrap(&module, wasi)?
        }
        _ if arguments.stub_wasi => {
            let file = arguments.file.display();
            let error = format!("{file} is no core module; `--stub-wasi` is for those alone");
            return Err(Misused(error).into());
        }
        other => other.into_component()?,
    };
    if let Some(path) = &arguments.cases {
        let Some(cases) = cases_file::read(path)? else {
            return Ok(Exit::InvalidPolicy);
        };
        let cases = serde_json::to_vec(&cases)?;
        component = signalbox_compiler::with_cases(&component, &cases)?;
    }
    spare_other_files(&arguments.output)?;
    signalbox_files::replace(&arguments.output, &component)?;
    output::talk(&format!(
        "{}: {} bytes",
        arguments.output.display(),
        component.len()
    ));
    Ok(Exit::Ok)
}

/// What is there and is no component is somebody's work, such as the document itself: it is not written over.
fn spare_other_files(path: &Path) -> anyhow::Result<()> {
    let Ok(file) = File::open(path) else {
        return Ok(());
    };
    let mut beginning = Vec::new();
    // A folder, or what cannot be read, is told of by what writes.
    let is_read = file.take(4).read_to_end(&mut beginning).is_ok();
    ensure!(
        !is_read || beginning.is_empty() || beginning == b"\0asm",
        "{} is there and is no component; name another file, or remove it first",
        path.display()
    );
    Ok(())
}
