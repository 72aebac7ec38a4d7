//! The operator's own cases, read at start and on SIGHUP.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::sources::SourceError;
use crate::watch;

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
    let entry = |(policy, path): (&String, &PathBuf)| match one(config, path) {
        Ok(cases) => Ok((policy.clone(), cases)),
        Err(problem) => Err(CasesError {
            policy: policy.clone(),
            path: path.clone(),
            problem,
        }),
    };
    config.swap.cases.iter().map(entry).collect()
}

fn one(config: &Config, path: &Path) -> Result<Vec<u8>, CasesProblem> {
    let bytes = watch::read(path, LARGEST_CASES).map_err(CasesProblem::Read)?;
    let cases = config.sources.cases(path, bytes);
    cases.map_err(CasesProblem::Source)
}

/// A component's own are at most a MiB; an operator may have a few more.
const LARGEST_CASES: u64 = 16 << 20;
