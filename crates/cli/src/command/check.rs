//! `signalbox check`: every error of a document at once.

use std::path::PathBuf;

use signalbox_policy::Rules as _;

use crate::{exit::Exit, output, policy_file::PolicyFile};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents.
    #[arg(required = true, value_name = "POLICY.yaml")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for path in &arguments.files {
        match PolicyFile::read(path)? {
            Some(PolicyFile::Document { policy, .. }) => output::talk(&format!(
                "{}: ok: policy `{}`, {} routes, {} models, {} cases",
                path.display(),
                policy.name(),
                policy.routes().count(),
                policy.models().count(),
                policy.cases().len(),
            )),
            Some(_) => {
                anyhow::bail!("{} is WebAssembly; `check` reads documents", path.display())
            }
            None => exit = Exit::InvalidPolicy,
        }
    }
    Ok(exit)
}
