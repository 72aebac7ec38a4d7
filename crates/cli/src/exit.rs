//! Exit codes, a contract with scripts.

use std::process::{ExitCode, Termination};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it did what it was asked.
    Ok,
    /// 1: something outside the arguments and the policy failed.
    Failed,
    /// 2: the arguments do not make sense.
    Usage,
    /// 3: the policy, or the keyring, is invalid; every error was printed.
    InvalidPolicy,
    /// 4: the policy is valid, and some of its cases failed.
    CasesFailed,
    /// 5: what was compared differs.
    Differs,
}

/// The arguments do not make sense, which clap could not know.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misused(pub(crate) String);

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::InvalidPolicy => 3,
            Self::CasesFailed => 4,
            Self::Differs => 5,
        })
    }
}
