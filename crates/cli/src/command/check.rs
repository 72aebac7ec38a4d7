//! `signalbox check`: every error of a document at once.

use std::path::PathBuf;

use signalbox_policy::Rules as _;

use crate::{
    exit::Exit,
    output,
    policy_file::{GtRoutesFile, PolicyFile},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents.
    #[arg(required = true, value_name = "POLICY.yaml")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    for path in &arguments.files {
        let file = PolicyFile::read(path)?;
        let fits = match &file {
            Some(file) => file.fits_gt_routes(path, &arguments.gt_routes)?,
            None => true,
        };
        match file.filter(|_| fits) {
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
