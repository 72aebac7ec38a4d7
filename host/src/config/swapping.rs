//! How policies are replaced while they serve, who vouches for them, where they are pulled.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use signalbox_runtime::TrafficShare;
use signalbox_swap::VerifyingKey;

use super::Span;

/// How policies are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SwapSettings {
    /// Generations of each policy that stay loaded, to go back to.
    pub keep: NonZeroUsize,
    /// The operator's own cases: policy name to file.
    pub cases: BTreeMap<String, PathBuf>,
    /// Whether a policy file that changes is taken over.
    pub watch: bool,
    /// What of one core shadows may use.
    pub shadow_cpu: TrafficShare,
}

impl Default for SwapSettings {
    fn default() -> Self {
        Self {
            // What served before, and a few before that; each holds its machine code, some 100 KiB.
            keep: NonZeroUsize::MIN.saturating_add(3),
            cases: BTreeMap::new(),
            watch: true,
            shadow_cpu: QUARTER,
        }
    }
}

/// Who may vouch for a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureSettings {
    /// Whether a policy that nobody vouches for is refused.
    pub required: bool,
    /// Signers by the id their statements name.
    pub signers: BTreeMap<String, SignerConfig>,
}

/// Somebody who may vouch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignerConfig {
    /// Their public key.
    pub key: SignerKey,
    /// The policies they may vouch for; `None` means all.
    pub policies: Option<Vec<String>>,
}

/// An ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerKey {
    /// A PEM file.
    File(PathBuf),
    /// The key itself.
    Given(VerifyingKey),
}

/// How registries are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrySettings {
    /// How often a tag is looked up.
    pub interval: Span,
    /// Who asks; `None` asks anonymously.
    pub login: Option<RegistryLogin>,
    /// Registries, as `host:port`, that are spoken to without TLS.
    pub plaintext: Vec<String>,
    /// Certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Who asks a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryLogin {
    /// The name.
    pub username: String,
    /// Where the password is read, at each pull.
    pub password_file: PathBuf,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            // A fleet has converged in a minute, and a thousand hosts are 17 requests a second.
            interval: Span::seconds(60),
            login: None,
            plaintext: Vec::new(),
            ca_file: None,
        }
    }
}

/// Enough for 25,000 shadow decisions a second of 10 µs, and the rest of the core for requests.
const QUARTER: TrafficShare = match TrafficShare::of_ten_thousand(2_500) {
    Some(share) => share,
    None => unreachable!(),
};
