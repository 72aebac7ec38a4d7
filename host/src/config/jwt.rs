//! `jwt`: who else may name a caller, and as what.
//!
//! Nothing here opens anything by itself. A token opens what a profile of the keyring does, and
//! claims only take away from that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::value::{is_name, path, span, wrong, wrong_at};
use super::{ConfigError, Problem, Scheme, Span, is_loopback};
use crate::yaml::{Position, present, required};

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
        /// Where.
        url: KeySetUrl,
        /// Whom to trust.
        ca_file: Option<PathBuf>,
    },
}

/// The URL of a key set, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySetUrl {
    /// How to speak to the server; in the clear on this machine only.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port, also where it was not written.
    pub port: u16,
    /// The value of `host`.
    pub authority: String,
    /// Path and query.
    pub target: String,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimNames {
    /// Who it is; `sub` if it is not named.
    pub id: Option<String>,
    /// Scopes: a list, or words with spaces between them.
    pub scopes: Option<String>,
    /// Purposes, likewise.
    pub purposes: Option<String>,
    /// Model names, likewise.
    pub models: Option<String>,
    /// Published names, likewise.
    pub published: Option<String>,
    /// Dataset targets, likewise.
    pub datasets: Option<String>,
    /// Label to claim.
    pub labels: BTreeMap<String, String>,
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

impl KeySetUrl {
    /// Takes a URL apart: `https`, or `http` to this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
        let authority = uri.authority()?;
        let host = authority.host().trim_matches(['[', ']']);
        let (scheme, port) = match uri.scheme_str()? {
            "https" => (Scheme::Https, Scheme::Https.default_port()),
            "http" if is_loopback(host) => (Scheme::Http, Scheme::Http.default_port()),
            _ => return None,
        };
        let port_is_clean = authority.port_u16().is_some_and(|port| port > 0)
            || authority.as_str().len() == authority.host().len();
        if authority.as_str().contains('@') || host.is_empty() || !port_is_clean {
            return None;
        }
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(port),
            authority: authority.as_str().to_ascii_lowercase(),
            target: uri.path_and_query()?.as_str().to_owned(),
        })
    }
}

/// One issuer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(deserialize_with = "required")]
    issuer: Spanned<String>,
    #[serde(deserialize_with = "required")]
    audience: Spanned<Words>,
    #[serde(default, deserialize_with = "present")]
    jwks_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    jwks_url: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    ca_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    algorithms: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default, deserialize_with = "present")]
    leeway: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    refresh: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    retry: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    profile: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    profiles: Option<Profiles>,
    #[serde(default, deserialize_with = "present")]
    claims: Option<Claims>,
    #[serde(default, deserialize_with = "present")]
    scope_words: Option<BTreeMap<String, Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profiles {
    #[serde(deserialize_with = "required")]
    claim: Spanned<String>,
    #[serde(deserialize_with = "required")]
    of: Spanned<BTreeMap<String, Spanned<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    #[serde(default, deserialize_with = "present")]
    id: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    purposes: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    models: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    published: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    datasets: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    labels: Option<BTreeMap<String, Spanned<String>>>,
}

/// One word, or a list of them.
#[derive(Debug)]
struct Words(Vec<String>);

pub(super) fn issuers(
    written: BTreeMap<String, Spanned<Written>>,
    folder: &Path,
) -> Result<Vec<IssuerSettings>, ConfigError> {
    let mut issuers: Vec<IssuerSettings> = Vec::new();
    for (name, written) in written {
        let (at, key) = (Position::of(&written), format!("jwt.{name}"));
        if !is_name(&name) {
            return Err(wrong_at(&key, at, Problem::Name));
        }
        let place = Position::of(&written.value.issuer);
        let issuer = issuer(&Within { key: &key, at }, name, written.value, folder)?;
        if issuers.iter().any(|other| other.issuer == issuer.issuer) {
            return Err(wrong_at(&format!("{key}.issuer"), place, Problem::Twice));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

/// Speaks of one issuer.
struct Within<'a> {
    key: &'a str,
    at: Position,
}

impl Within<'_> {
    fn key(&self, field: &str) -> String {
        format!("{}.{field}", self.key)
    }

    fn not_blank(&self, field: &str, text: Spanned<String>) -> Result<String, ConfigError> {
        if text.value.trim().is_empty() {
            return Err(wrong(&self.key(field), &text, Problem::Blank));
        }
        Ok(text.value)
    }

    fn unset(&self, field: &str, problem: Problem) -> ConfigError {
        wrong_at(&self.key(field), self.at, problem)
    }
}

fn issuer(
    within: &Within<'_>,
    name: String,
    written: Written,
    folder: &Path,
) -> Result<IssuerSettings, ConfigError> {
    let keys = match (written.jwks_file, written.jwks_url) {
        (Some(file), None) if written.ca_file.is_none() => {
            KeySetSource::File(path(&within.key("jwks_file"), &file, folder)?)
        }
        (None, Some(text)) => {
            let refused = || wrong(&within.key("jwks_url"), &text, Problem::KeySetUrl);
            let ca_file = written.ca_file.as_ref();
            let ca_file = ca_file.map(|file| path(&within.key("ca_file"), file, folder));
            KeySetSource::Url {
                url: KeySetUrl::parse(&text.value).ok_or_else(refused)?,
                ca_file: ca_file.transpose()?,
            }
        }
        _ => return Err(within.unset("jwks_url", Problem::KeySetSource)),
    };
    let audience = written.audience;
    let is_blank = |word: &String| word.trim().is_empty();
    if audience.value.0.is_empty() || audience.value.0.iter().any(is_blank) {
        return Err(wrong(&within.key("audience"), &audience, Problem::Blank));
    }
    let time = |field: &str, text, unset| span(&within.key(field), text, unset);
    Ok(IssuerSettings {
        name,
        issuer: within.not_blank("issuer", written.issuer)?,
        audience: audience.value.0,
        keys,
        algorithms: algorithms(within, written.algorithms)?,
        leeway: leeway(within, written.leeway)?,
        refresh: time("refresh", written.refresh, REFRESH)?,
        retry: time("retry", written.retry, RETRY)?,
        profile: profile(within, written.profile, written.profiles)?,
        claims: claims(within, written.claims.unwrap_or_default())?,
        scope_words: written
            .scope_words
            .map(|words| each(within, "scope_words", words))
            .transpose()?,
    })
}

fn algorithms(
    within: &Within<'_>,
    written: Option<Spanned<Vec<Spanned<String>>>>,
) -> Result<Vec<JwtAlgorithm>, ConfigError> {
    let key = within.key("algorithms");
    let Some(list) = written else {
        return Ok(ALGORITHMS.to_vec());
    };
    if list.value.is_empty() {
        return Err(wrong(&key, &list, Problem::Empty));
    }
    let read = |word: &Spanned<String>| {
        JwtAlgorithm::from_word(&word.value).ok_or_else(|| wrong(&key, word, Problem::Algorithm))
    };
    list.value.iter().map(read).collect()
}

fn leeway(within: &Within<'_>, text: Option<Spanned<String>>) -> Result<Span, ConfigError> {
    let Some(text) = text else { return Ok(LEEWAY) };
    let key = within.key("leeway");
    let leeway = span(&key, Some(Spanned::clone(&text)), LEEWAY)?;
    if leeway > LONGEST_LEEWAY {
        return Err(wrong(&key, &text, Problem::Leeway));
    }
    Ok(leeway)
}

fn profile(
    within: &Within<'_>,
    fixed: Option<Spanned<String>>,
    by_claim: Option<Profiles>,
) -> Result<ProfileChoice, ConfigError> {
    match (fixed, by_claim) {
        (Some(text), None) => within.not_blank("profile", text).map(ProfileChoice::Fixed),
        (None, Some(written)) => {
            if written.of.value.is_empty() {
                return Err(wrong(
                    &within.key("profiles.of"),
                    &written.of,
                    Problem::Empty,
                ));
            }
            Ok(ProfileChoice::ByClaim {
                claim: within.not_blank("profiles.claim", written.claim)?,
                of: each(within, "profiles.of", written.of.value)?,
            })
        }
        _ => Err(within.unset("profile", Problem::Profile)),
    }
}

fn claims(within: &Within<'_>, written: Claims) -> Result<ClaimNames, ConfigError> {
    let name = |field: &str, text: Option<Spanned<String>>| {
        text.map(|text| within.not_blank(&format!("claims.{field}"), text))
            .transpose()
    };
    let labels = written.labels.unwrap_or_default();
    if let Some((_, text)) = labels.iter().find(|(label, _)| !is_name(label)) {
        return Err(wrong(&within.key("claims.labels"), text, Problem::Name));
    }
    Ok(ClaimNames {
        id: name("id", written.id)?,
        scopes: name("scopes", written.scopes)?,
        purposes: name("purposes", written.purposes)?,
        models: name("models", written.models)?,
        published: name("published", written.published)?,
        datasets: name("datasets", written.datasets)?,
        labels: each(within, "claims.labels", labels)?,
    })
}

fn each(
    within: &Within<'_>,
    field: &str,
    written: BTreeMap<String, Spanned<String>>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = |(name, text)| within.not_blank(field, text).map(|text| (name, text));
    written.into_iter().map(text).collect()
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordsVisitor;

        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a word, or a list of them")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words(vec![word.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Words, A::Error> {
                let mut list = Vec::new();
                while let Some(word) = words.next_element()? {
                    list.push(word);
                }
                Ok(Words(list))
            }
        }

        deserializer.deserialize_any(WordsVisitor)
    }
}

/// What issuers sign with by default, one of each kind.
const ALGORITHMS: [JwtAlgorithm; 3] = [
    JwtAlgorithm::Rs256,
    JwtAlgorithm::Es256,
    JwtAlgorithm::EdDsa,
];
/// Clocks that are kept right differ by less.
const LEEWAY: Span = Span::seconds(30);
/// Longer, and `exp` means little.
const LONGEST_LEEWAY: Span = Span::seconds(300);
/// Issuers announce a new key for hours before they use it.
const REFRESH: Span = Span::seconds(600);
/// Tokens with made-up key ids cause no more than six fetches a minute.
const RETRY: Span = Span::seconds(10);

#[cfg(test)]
mod tests;
