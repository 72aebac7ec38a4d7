//! The section `jwt` as it is written, and what is checked of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::super::is_name;
use super::super::value::{path, span, wrong, wrong_at};
use super::super::{ConfigError, Problem, Span};
use super::{ClaimNames, IssuerSettings, JwtAlgorithm, KeySetSource, KeySetUrl, ProfileChoice};
use crate::yaml::{Position, present, required};

/// One issuer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Written {
    #[serde(deserialize_with = "required")]
    pub(super) issuer: Spanned<String>,
    #[serde(deserialize_with = "required")]
    pub(super) audience: Spanned<Words>,
    #[serde(default, deserialize_with = "present")]
    pub(super) jwks_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) jwks_url: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) ca_file: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) algorithms: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) leeway: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) refresh: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) retry: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) profile: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) profiles: Option<Profiles>,
    #[serde(default, deserialize_with = "present")]
    pub(super) claims: Option<Claims>,
    #[serde(default, deserialize_with = "present")]
    pub(super) scope_words: Option<BTreeMap<String, Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profiles {
    #[serde(deserialize_with = "required")]
    pub(super) claim: Spanned<String>,
    #[serde(deserialize_with = "required")]
    pub(super) of: Spanned<BTreeMap<String, Spanned<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    #[serde(default, deserialize_with = "present")]
    pub(super) id: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) scopes: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) purposes: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) models: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) published: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) datasets: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) labels: Option<BTreeMap<String, Spanned<String>>>,
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
