//! How policies are replaced while they serve, who vouches for them, where they are pulled.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use signalbox_runtime::TrafficShare;
use signalbox_swap::VerifyingKey;

use super::value::{named, not_blank, share, some, whole};
use super::{Problem, Span};
use crate::policy_sources::sources::PolicySource;
use crate::yaml::{list, map};

/// How policies are replaced.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SwapSettings {
    /// Generations of each policy that stay loaded, to go back to.
    #[serde(deserialize_with = "whole::<1, MOST_KEPT, _, _>")]
    pub keep: NonZeroUsize,
    /// The operator's own cases: policy name to file.
    #[serde(deserialize_with = "cases")]
    pub cases: BTreeMap<String, PathBuf>,
    /// Whether a policy file that changes is taken over.
    pub watch: bool,
    /// What of one core shadows may use.
    #[serde(deserialize_with = "share")]
    pub shadow_cpu: TrafficShare,
    /// How long a key's requests have to fail, where the generation before answers, before the key
    /// counts for an automatic rollback.
    pub rollback_after: Span,
}

impl Default for SwapSettings {
    fn default() -> Self {
        Self {
            // What served before, and a few before that; each holds its machine code, some 100 KiB.
            keep: NonZeroUsize::MIN.saturating_add(3),
            cases: BTreeMap::new(),
            watch: true,
            shadow_cpu: QUARTER,
            // Longer than a burst, short beside what it takes people to look.
            rollback_after: Span::seconds(30),
        }
    }
}

impl SwapSettings {
    /// With paths that are relative to `folder`.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        for file in self.cases.values_mut() {
            *file = folder.join(&*file);
        }
        self
    }
}

/// Who may vouch for a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureSettings {
    /// Whether a policy that nobody vouches for is refused.
    pub required: bool,
    /// The one environment whose statements hold here; `None` takes statements that name none.
    pub environment: Option<String>,
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
/// Each keeps its machine code and its tables: at a million models, 170 MiB.
const MOST_KEPT: u64 = 32;

/// Where policies are found, by their names; files as they are written.
pub(super) fn policies<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, PolicySource>, D::Error> {
    let policies = map(deserializer, |name, text| {
        not_blank(named(name, text)?)?;
        PolicySource::read(text.trim(), Path::new("")).map_err(Problem::Reference)
    })?;
    some(policies)
}

fn cases<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, PathBuf>, D::Error> {
    map(deserializer, |name, text| {
        not_blank(named(name, text)?).map(PathBuf::from)
    })
}

/// Registries, as `host:port`.
pub(super) fn registries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    list(deserializer, |text, _| {
        let authority = text.parse::<http::uri::Authority>();
        let is_plain = authority.is_ok_and(|it| !it.host().is_empty() && !text.contains('@'));
        is_plain
            .then(|| text.to_ascii_lowercase())
            .ok_or(Problem::Authority)
    })
}
