//! The section `jwt` as it is written, and what is checked of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use signalbox_http_client::{Scheme, Url};

use super::super::value::{Text, not_blank, path, some, wrong_at};
use super::super::{ConfigError, Problem, Span, is_loopback, is_name};
use super::{ClaimNames, IssuerSettings, JwtAlgorithm, KeySetSource, ProfileChoice};
use crate::yaml::{Position, list, map, present, required, word};

/// One issuer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Written {
    pub(super) issuer: Spanned<Text>,
    #[serde(deserialize_with = "required")]
    pub(super) audience: Words,
    #[serde(default, deserialize_with = "path")]
    pub(super) jwks_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "key_set_url")]
    pub(super) jwks_url: Option<Url>,
    #[serde(default, deserialize_with = "path")]
    pub(super) ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "algorithms")]
    pub(super) algorithms: Option<Vec<JwtAlgorithm>>,
    #[serde(default, deserialize_with = "leeway")]
    pub(super) leeway: Option<Span>,
    #[serde(default, deserialize_with = "present")]
    pub(super) refresh: Option<Span>,
    #[serde(default, deserialize_with = "present")]
    pub(super) retry: Option<Span>,
    #[serde(default, deserialize_with = "present")]
    pub(super) profile: Option<Text>,
    #[serde(default, deserialize_with = "present")]
    pub(super) profiles: Option<Profiles>,
    #[serde(default)]
    pub(super) claims: ClaimNames,
    #[serde(default, deserialize_with = "scope_words")]
    pub(super) scope_words: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profiles {
    pub(super) claim: Text,
    #[serde(deserialize_with = "profiles")]
    pub(super) of: BTreeMap<String, String>,
}

/// One word, or a list of them.
#[derive(Debug)]
pub(super) struct Words(Vec<String>);

pub(in crate::config) fn issuers(
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
        let refuse = |(field, problem)| wrong_at(&format!("{key}.{field}"), at, problem);
        let issuer = issuer(name, written.value, folder).map_err(refuse)?;
        if issuers.iter().any(|other| other.issuer == issuer.issuer) {
            return Err(wrong_at(&format!("{key}.issuer"), place, Problem::Twice));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

/// Why an issuer cannot be used: which of its keys, and what is wrong.
type Refused = (&'static str, Problem);

fn issuer(name: String, written: Written, folder: &Path) -> Result<IssuerSettings, Refused> {
    let ca_file = written.ca_file.map(|file| folder.join(file));
    let keys = match (written.jwks_file, written.jwks_url) {
        (Some(file), None) if ca_file.is_none() => KeySetSource::File(folder.join(file)),
        (None, Some(url)) => KeySetSource::Url { url, ca_file },
        _ => return Err(("jwks_url", Problem::KeySetSource)),
    };
    let profile = match (written.profile, written.profiles) {
        (Some(profile), None) => ProfileChoice::Fixed(profile.0),
        (None, Some(profiles)) => ProfileChoice::ByClaim {
            claim: profiles.claim.0,
            of: profiles.of,
        },
        _ => return Err(("profile", Problem::Profile)),
    };
    Ok(IssuerSettings {
        name,
        issuer: written.issuer.value.0,
        audience: written.audience.0,
        keys,
        algorithms: written.algorithms.unwrap_or_else(|| ALGORITHMS.to_vec()),
        leeway: written.leeway.unwrap_or(LEEWAY),
        refresh: written.refresh.unwrap_or(REFRESH),
        retry: written.retry.unwrap_or(RETRY),
        profile,
        claims: written.claims,
        scope_words: written.scope_words,
    })
}

/// `https`, or `http` to this machine: what comes from there says who may do what.
fn key_set_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    word(deserializer, |text| {
        let url: Option<Url> = text.parse().ok().filter(|_| !text.contains('#'));
        let is_safe = |Url { origin, .. }: &Url| {
            origin.scheme == Scheme::Https || is_loopback(origin.host.as_str())
        };
        url.filter(is_safe).map(Some).ok_or(Problem::KeySetUrl)
    })
}

fn algorithms<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<JwtAlgorithm>>, D::Error> {
    let algorithms = list(deserializer, |word, _| {
        JwtAlgorithm::from_word(word).ok_or(Problem::Algorithm)
    })?;
    some(algorithms).map(Some)
}

fn leeway<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    let leeway = Span::deserialize(deserializer)?;
    if leeway > LONGEST_LEEWAY {
        return Err(de::Error::custom(Problem::Leeway));
    }
    Ok(Some(leeway))
}

fn profiles<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    some(map(deserializer, |_, profile| not_blank(profile))?)
}

fn scope_words<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    map(deserializer, |_, scope| not_blank(scope)).map(Some)
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
                let word = not_blank(word).map_err(E::custom)?;
                Ok(Words(vec![word]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Words, A::Error> {
                let mut list = Vec::new();
                while let Some(Text(word)) = words.next_element()? {
                    list.push(word);
                }
                if list.is_empty() {
                    return Err(de::Error::custom(Problem::Blank));
                }
                Ok(Words(list))
            }
        }

        deserializer.deserialize_any(WordsVisitor)
    }
}

/// What issuers sign with by default, one of each kind.
pub(super) const ALGORITHMS: [JwtAlgorithm; 3] = [
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
