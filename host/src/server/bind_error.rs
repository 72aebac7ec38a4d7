//! Why a host could not be bound.

use std::net::SocketAddr;
use std::path::PathBuf;

use signalbox_registry::SetupError;
use signalbox_runtime::StartError;
use signalbox_swap::{Failure, StateError};

use crate::auth::credentials::CredentialError;
use crate::auth::jwt::KeySetError;
use crate::listener::private::PrivateListenError;
use crate::listener::tls::TlsError;
use crate::observe::prices::PricesError;
use crate::observe::traces::CollectorError;
use crate::policy_sources::CasesError;
use crate::policy_sources::sources::SourceError;
use crate::upstream::{RoutesFileError, TargetError};
use signalbox_gate::keyring::KeyringError;

/// Why a host could not be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A GT key cannot be used.
    #[error("a GT key cannot be used")]
    Credential(#[from] CredentialError),
    /// The keyring cannot be used.
    #[error("the keyring cannot be used")]
    Keyring(#[from] KeyringError),
    /// GT's table of routes cannot be used.
    #[error("`upstream.routes_file` cannot be used")]
    Routes(#[from] RoutesFileError),
    /// The list of prices cannot be used.
    #[error("`prices` cannot be used")]
    Prices(#[from] PricesError),
    /// The keys of a JWT issuer cannot be used.
    #[error("the keys of a `jwt` issuer cannot be used")]
    Jwt(#[from] KeySetError),
    /// A thread was not to be had.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// Callers of a JWT issuer would have nothing to be measured by.
    #[error(
        "`jwt.{issuer}` names the profile `{profile}`, and the keyring has no such entry with `profile: true`"
    )]
    Profile {
        /// The issuer's name.
        issuer: String,
        /// What it names.
        profile: String,
    },
    /// The certificate for clients cannot be used.
    #[error("the certificate for clients cannot be used")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The listener for proxies cannot be had.
    #[error("`{0}` cannot listen")]
    Private(&'static str, #[source] PrivateListenError),
    /// Nobody could ask for anything.
    #[error("nothing listens for requests: write `listen`, `authz` or `ext_proc`")]
    NoListener,
    /// The operator's cases cannot be used.
    #[error("a case file cannot be used")]
    Cases(#[from] CasesError),
    /// A policy does not pass, and nothing is remembered that could serve in its place.
    #[error("policy `{name}` does not pass")]
    Policy {
        /// Its name.
        name: String,
        /// Which step failed, why, and what to do.
        #[source]
        cause: Failure,
    },
    /// Registries cannot be asked as the configuration has it.
    #[error("registries cannot be asked")]
    Registry(#[from] SetupError),
    /// The key of somebody who may vouch for policies cannot be used.
    #[error("the key of signer `{id}` cannot be used: {cause}")]
    Signer {
        /// Who.
        id: String,
        /// Why, and what to do.
        cause: String,
    },
    /// No component can be made of a policy file, and nothing is remembered that could serve in its
    /// place.
    #[error("policy `{name}` in `{}` cannot be used", path.display())]
    Source {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Every diagnostic.
        #[source]
        cause: SourceError,
    },
    /// The state folder cannot be used.
    #[error("the state folder cannot be used")]
    State(#[source] StateError),
    /// What was remembered cannot be used.
    #[error("swaps do not start")]
    Swaps(#[from] signalbox_swap::StartError),
    /// The policy runtime does not start.
    #[error("the policy runtime does not start")]
    Runtime(#[from] StartError),
    /// No span could reach the collector.
    #[error("traces cannot be exported")]
    Traces(#[from] CollectorError),
    /// GT's address or its certificate authorities cannot be used.
    #[error("the upstream cannot be used")]
    Upstream(#[from] TargetError),
}
