//! Why a configuration is not taken.

use std::io;
use std::path::{Path, PathBuf};

use signalbox_gate::gt_routes::GtRoutesError;
use signalbox_gate::keyring::KeyringError;
use signalbox_gate::{CredentialProblem, LimitError, yaml};
use signalbox_swap::{Failure, StateError};

/// Why a configuration is not taken: Envoy keeps the one it has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`filter_config` is not UTF-8")]
    NotText,
    #[error("`filter_config`, {}: {}", .0.position, .0.message)]
    Syntax(#[from] yaml::Unreadable),
    #[error("`upstream.url` is not like `https://tenant.example/api/tenant`")]
    Url,
    #[error("there is no policy: name one in `policies`, or write one in `inline_policies`")]
    NoPolicy,
    #[error("the policy `{0}` is in `policies` and in `inline_policies`")]
    PolicyTwice(String),
    #[error("`state` remembers policies of files: it goes with `policies`, not `inline_policies`")]
    InlineState,
    #[error(
        "`decisions.cache` is not for `isolation: reuse`: a policy whose instance is reused may remember \
         what it saw"
    )]
    CacheOfReused,
    #[error("`decisions` are of the whole process, and another filter has others already")]
    Decisions,
    #[error("`{}` cannot be read", .path.display())]
    File {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("`key_limits`")]
    KeyLimits(#[from] LimitError),
    #[error("`upstream.routes_file`")]
    GtRoutes(#[from] GtRoutesError),
    #[error("the keyring")]
    Keyring(#[from] KeyringError),
    #[error("the GT key `{name}`")]
    Credential {
        name: String,
        #[source]
        error: CredentialError,
    },
    #[error("the policy runtime")]
    Runtime(#[from] signalbox_runtime::StartError),
    #[error("`state`")]
    State(#[from] StateError),
    #[error("the policies")]
    Swaps(#[from] signalbox_swap::StartError),
    #[error("the policy `{name}`: {failure}")]
    Policy { name: String, failure: Failure },
    #[error("a thread did not start")]
    Thread(#[source] io::Error),
    #[error("Envoy has no more room for counters")]
    Counters,
}

/// Why a GT key is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("`{}` cannot be read", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error("the variable `{0}` is not set")]
    Env(String),
    #[error("it is no GT key")]
    Problem(#[source] CredentialProblem),
}

/// Why nothing can be made of a policy file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("`{}` cannot be read: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("it is neither WebAssembly nor UTF-8")]
    NotText,
    #[error("it is a core module: run `signalbox build` on it first")]
    CoreModule,
    /// All there is, one a line.
    #[error("{0}")]
    Document(String),
    #[error("{0}")]
    Compile(String),
}

impl ConfigError {
    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            error,
        }
    }
}
