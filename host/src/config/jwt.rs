//! `jwt`: who else may name a caller, and as what.
//!
//! Nothing here opens anything by itself. A token opens what a profile of the keyring does, and
//! claims only take away from that.

mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) use read::{Written, issuers};

use serde::{Deserialize, Deserializer};
use signalbox_http_client::Url;

use super::Span;
use super::value::{named, not_blank, text};
use crate::yaml::map;

/// An issuer of JWTs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerSettings {
    /// What it is called here: in the ids of its callers, in logs and metrics.
    pub name: String,
    /// The one value of `iss`.
    pub issuer: String,
    /// One of these has to be in `aud`.
    pub audience: Vec<String>,
    /// Where its keys are.
    pub keys: KeySetSource,
    /// What it may sign with.
    pub algorithms: Vec<JwtAlgorithm>,
    /// How far its clock and ours may be apart.
    pub leeway: Span,
    /// How often its keys are fetched.
    pub refresh: Span,
    /// The least time between two fetches, whatever is asked.
    pub retry: Span,
    /// What its callers are measured by.
    pub profile: ProfileChoice,
    /// Which claims say more.
    pub claims: ClaimNames,
    /// The issuer's words for GT's scopes; without it, its words are GT's.
    pub scope_words: Option<BTreeMap<String, String>>,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySetSource {
    /// A file, read again when it changes.
    File(PathBuf),
    /// A URL, and the authorities to trust in place of the system's.
    Url {
        /// Where; in the clear on this machine only.
        url: Url,
        /// Whom to trust.
        ca_file: Option<PathBuf>,
    },
}

/// What an issuer may sign with: signatures only, so that who can check a token cannot make one.
///
/// Exhaustive on purpose: there is no way to write another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JwtAlgorithm {
    /// RSA, PKCS #1, SHA-256.
    Rs256,
    /// The same with SHA-384.
    Rs384,
    /// The same with SHA-512.
    Rs512,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// The same with SHA-384.
    Ps384,
    /// The same with SHA-512.
    Ps512,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

/// Which profile a caller is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileChoice {
    /// All by one.
    Fixed(String),
    /// By what a claim says.
    ByClaim {
        /// The claim.
        claim: String,
        /// Its values, and the profile of each.
        of: BTreeMap<String, String>,
    },
}

/// The names of claims. One that is not named is not looked at; one that is named and not in a
/// token leaves nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClaimNames {
    /// Who it is; `sub` if it is not named.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// Scopes: a list, or words with spaces between them.
    #[serde(deserialize_with = "text")]
    pub scopes: Option<String>,
    /// Purposes, likewise.
    #[serde(deserialize_with = "text")]
    pub purposes: Option<String>,
    /// Model names, likewise.
    #[serde(deserialize_with = "text")]
    pub models: Option<String>,
    /// Published names, likewise.
    #[serde(deserialize_with = "text")]
    pub published: Option<String>,
    /// Dataset targets, likewise.
    #[serde(deserialize_with = "text")]
    pub datasets: Option<String>,
    /// Label to claim.
    #[serde(deserialize_with = "labels")]
    pub labels: BTreeMap<String, String>,
}

fn labels<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    map(deserializer, |label, claim| not_blank(named(label, claim)?))
}

impl JwtAlgorithm {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// As it is written in tokens and keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The one a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.word() == word)
    }
}

impl ProfileChoice {
    /// Every profile that may be chosen.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        let (fixed, of) = match self {
            Self::Fixed(profile) => (Some(profile), None),
            Self::ByClaim { of, .. } => (None, Some(of)),
        };
        let of = of.into_iter().flat_map(BTreeMap::values);
        fixed.into_iter().chain(of).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
