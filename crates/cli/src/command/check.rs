//! `signalbox check`: every error of a document at once.

use std::path::{Path, PathBuf};

use signalbox_policy::{Policy, Rules as _};

use crate::{
    exit::Exit,
    given_values::GivenValues,
    output,
    policy_file::{GtRoutesFile, PolicyFile},
    show,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Policy documents.
    #[arg(required = true, value_name = "POLICY.yaml")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    values: GivenValues,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Some(values) = arguments.values.read()? else {
        return Ok(Exit::InvalidPolicy);
    };
    let mut exit = Exit::Ok;
    for path in &arguments.files {
        let file = PolicyFile::read(path, &values)?;
        let fits = match &file {
            Some(file) => file.fits_gt_routes(path, &arguments.gt_routes)?,
            None => true,
        };
        match file.filter(|_| fits) {
            Some(PolicyFile::Document(document)) => fine(path, document.resolved.policy()),
            Some(_) => {
                anyhow::bail!("{} is WebAssembly; `check` reads documents", path.display())
            }
            None => exit = Exit::InvalidPolicy,
        }
    }
    Ok(exit)
}

/// What can be said of a document without errors.
fn fine(path: &Path, policy: &Policy) {
    let path = path.display();
    for (one, other) in policy.names_alike() {
        let (one, other) = (show::plain(one), show::plain(other));
        output::talk(&format!(
            "{path}: warning: the models `{one}` and `{other}` differ in case alone, and are two"
        ));
    }
    output::talk(&format!(
        "{path}: ok: policy `{}`, {} routes, {} models, {} cases",
        policy.name(),
        policy.routes().count(),
        policy.models().count(),
        policy.cases().len(),
    ));
}
