//! The operator's own cases, read at start and on SIGHUP.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::file_watcher;
use crate::policy_sources::sources::SourceError;

/// A file of cases cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the cases of policy `{policy}` in `{}` cannot be used", path.display())]
pub struct CasesError {
    /// The policy they are for.
    pub policy: String,
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub problem: CasesProblem,
}

/// Why a file of cases cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CasesProblem {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// It says something else than cases.
    #[error(transparent)]
    Source(SourceError),
}

/// Policy name to cases, as JSON.
pub(crate) fn read(config: &Config) -> Result<BTreeMap<String, Vec<u8>>, CasesError> {
    let entry = |(policy, path): (&String, &PathBuf)| {
        let cases = of(config, policy, path)?;
        Ok((policy.clone(), cases))
    };
    config.swap.cases.iter().map(entry).collect()
}

/// The cases for one policy, as JSON.
pub(crate) fn of(config: &Config, policy: &str, path: &Path) -> Result<Vec<u8>, CasesError> {
    let refuse = |problem| CasesError {
        policy: policy.to_owned(),
        path: path.to_owned(),
        problem,
    };
    let bytes = file_watcher::read(path, LARGEST_CASES);
    let bytes = bytes.map_err(|error| refuse(CasesProblem::Read(error)))?;
    let cases = config.sources.cases(path, bytes);
    cases.map_err(|error| refuse(CasesProblem::Source(error)))
}

/// A component's own are at most a MiB; an operator may have a few more.
const LARGEST_CASES: u64 = 16 << 20;
