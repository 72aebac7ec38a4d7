//! `signalbox cases`: cases as programs read them.

use std::path::PathBuf;

use crate::{cases_file, exit::Exit, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file of cases.
    #[arg(value_name = "CASES.yaml")]
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(cases) = cases_file::read(&arguments.file)? else {
        return Ok(Exit::InvalidPolicy);
    };
    output::json(&serde_json::to_value(cases)?)?;
    Ok(Exit::Ok)
}
