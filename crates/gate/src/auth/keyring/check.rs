//! From entries as written to keys.

use std::collections::HashMap;
use std::sync::Arc;

use serde_saphyr::Spanned;
use signalbox_policy::presets::{KNOWN_SCOPES, Preset};
use signalbox_policy::{Caller, Names, Purpose, Purposes};

use super::file::{self, Entry};
use super::{Key, KeyCredentials, KeyProblem, Keyring, KeyringError, Opener};
use crate::auth::digest::Digest;
use crate::auth::key_limits::{KeyLimits, WrittenKeyLimits};
use crate::text::name::is_name;
use crate::text::yaml::{Position, WrittenNames};

pub(super) fn check(
    entries: Vec<(Position, Entry)>,
    unset: KeyLimits,
    before: &Keyring,
) -> Result<Keyring, KeyringError> {
    let count = entries.len();
    let mut keyring = Keyring {
        keys: Vec::with_capacity(count),
        by_token: HashMap::with_capacity(count),
        by_id: HashMap::with_capacity(count),
        warnings: Vec::new(),
    };
    for (position, entry) in entries {
        let key = Arc::new(key(entry, position, unset, before)?);
        add(&mut keyring, key)?;
    }
    Ok(keyring)
}

fn add(keyring: &mut Keyring, key: Arc<Key>) -> Result<(), KeyringError> {
    let id = key.caller.id.clone();
    let refuse = |field: &str, problem| Err(entry_error(key.position, &id, field, problem));
    if let Opener::Token(token) = &key.opener
        && let Some(other) = keyring.by_token.get(token)
    {
        return refuse(
            "sha256",
            KeyProblem::SameToken {
                other: other.caller.id.clone(),
            },
        );
    }
    if keyring.by_id.contains_key(&id) {
        return refuse("id", KeyProblem::SameId);
    }
    for scope in key
        .caller
        .scopes
        .iter()
        .filter(|scope| !KNOWN_SCOPES.contains(&&***scope))
    {
        keyring
            .warnings
            .push(format!("key `{id}`: GT documents no scope `{scope}`"));
    }
    if let Opener::Token(token) = key.opener {
        keyring.by_token.insert(token, Arc::clone(&key));
    }
    keyring.by_id.insert(id, Arc::clone(&key));
    keyring.keys.push(key);
    Ok(())
}

fn key(
    entry: Entry,
    position: Position,
    unset: KeyLimits,
    before: &Keyring,
) -> Result<Key, KeyringError> {
    let id = entry.id.value.clone();
    if !is_id(&id) {
        return Err(entry_error(
            Position::of(&entry.id),
            "?",
            "id",
            KeyProblem::Id,
        ));
    }
    let refuse = Refuse { id: &id, position };
    let opener = opener(&refuse, &entry)?;
    let (purposes, scopes) = rights(&refuse, &entry)?;
    let shares = Purposes::from_iter([Purpose::Upload, Purpose::Conversation]);
    if matches!(opener, Opener::Profile)
        && entry.group.is_none()
        && purposes.bits() & shares.bits() != 0
    {
        return Err(refuse.entry("group", KeyProblem::ProfileWithoutGroup));
    }
    let caller = Caller {
        id: id.clone(),
        purposes,
        scopes,
        labels: labels(&refuse, entry.labels.unwrap_or_default())?,
        models: names(&refuse, "models", entry.models)?,
        published: entry.published.map_or(Ok(Names::All), |written| {
            names(&refuse, "published", written)
        })?,
        datasets: entry.datasets.map_or(Ok(Names::NONE), |written| {
            names(&refuse, "datasets", written)
        })?,
    };
    let expires = entry.expires.map(|text| {
        text.value
            .parse()
            .map_err(|_| refuse.at("expires", &text, KeyProblem::Time))
    });
    let usage = before.key(&id).map(|key| Arc::clone(&key.usage));
    Ok(Key {
        caller: Arc::new(caller),
        policy: entry.policy.map_or_else(
            || Ok(DEFAULT_POLICY.to_owned()),
            |text| word(&refuse, "policy", text),
        )?,
        limits: limits(&refuse, entry.limits, unset)?,
        expires: expires.transpose()?,
        revoked: entry.revoked.unwrap_or(false),
        group: entry
            .group
            .map(|text| word(&refuse, "group", text))
            .transpose()?,
        credentials: credentials(&refuse, entry.credentials.unwrap_or_default(), purposes)?,
        usage: usage.unwrap_or_default(),
        opener,
        position,
    })
}

/// What opens it: a token, or the tokens of an issuer.
fn opener(refuse: &Refuse<'_>, entry: &Entry) -> Result<Opener, KeyringError> {
    match (&entry.sha256, entry.profile) {
        (Some(text), None | Some(false)) => Digest::from_hex(&text.value)
            .map(Opener::Token)
            .ok_or_else(|| refuse.at("sha256", text, KeyProblem::Digest)),
        (Some(text), Some(true)) => Err(refuse.at("sha256", text, KeyProblem::ProfileWithToken)),
        (None, Some(true)) => Ok(Opener::Profile),
        (None, None | Some(false)) => Err(refuse.entry("sha256", KeyProblem::NoToken)),
    }
}

/// Purposes and scopes, from the preset or as written.
fn rights(refuse: &Refuse<'_>, entry: &Entry) -> Result<(Purposes, Vec<String>), KeyringError> {
    match (&entry.preset, &entry.purposes, &entry.scopes) {
        (Some(word), None, None) => {
            let Some(preset) = Preset::from_word(&word.value) else {
                let known = Preset::ALL
                    .map(|preset| format!("`{}`", preset.word))
                    .join(", ");
                return Err(refuse.at("preset", word, KeyProblem::Preset { known }));
            };
            let scopes = preset
                .scopes
                .iter()
                .map(|&scope| scope.to_owned())
                .collect();
            Ok((Purposes::from_iter([preset.purpose]), scopes))
        }
        (None, Some(words), Some(scopes)) => {
            let purposes = purposes(refuse, words)?;
            let mut checked: Vec<String> = Vec::with_capacity(scopes.len());
            for scope in scopes {
                if !is_scope(&scope.value) {
                    return Err(refuse.at("scopes", scope, KeyProblem::Scope));
                }
                if checked.contains(&scope.value) {
                    return Err(refuse.at("scopes", scope, KeyProblem::Twice));
                }
                checked.push(scope.value.clone());
            }
            Ok((purposes, checked))
        }
        (Some(word), ..) => Err(refuse.at("preset", word, KeyProblem::PresetAndMore)),
        (None, ..) => Err(refuse.entry("preset", KeyProblem::NoScopes)),
    }
}

fn purposes(
    refuse: &Refuse<'_>,
    words: &Spanned<Vec<Spanned<String>>>,
) -> Result<Purposes, KeyringError> {
    let mut purposes = Vec::new();
    for word in &words.value {
        let Some(purpose) = Purpose::from_word(&word.value) else {
            return Err(refuse.at("purposes", word, KeyProblem::Purpose));
        };
        if purposes.contains(&purpose) {
            return Err(refuse.at("purposes", word, KeyProblem::Twice));
        }
        purposes.push(purpose);
    }
    if purposes.is_empty() {
        return Err(refuse.at("purposes", words, KeyProblem::NoPurpose));
    }
    Ok(purposes.into_iter().collect())
}

fn names(refuse: &Refuse<'_>, field: &str, written: WrittenNames) -> Result<Names, KeyringError> {
    let WrittenNames::Only(list) = written else {
        return Ok(Names::All);
    };
    let mut names: Vec<String> = Vec::with_capacity(list.len());
    for name in list {
        let problem = match &*name.value {
            "*" => KeyProblem::Star,
            text if !is_pattern(text) => KeyProblem::Name,
            _ => {
                names.push(name.value);
                continue;
            }
        };
        return Err(refuse.at(field, &name, problem));
    }
    Ok(Names::Only(names))
}

fn labels(
    refuse: &Refuse<'_>,
    written: std::collections::BTreeMap<String, Spanned<String>>,
) -> Result<Vec<(String, String)>, KeyringError> {
    let label = |(name, text): (String, Spanned<String>)| {
        if !is_name(&name) {
            return Err(refuse.at("labels", &text, KeyProblem::Word));
        }
        if text.value.len() > 256 || text.value.chars().any(char::is_control) {
            return Err(refuse.at("labels", &text, KeyProblem::Label));
        }
        Ok((name, text.value))
    };
    written.into_iter().map(label).collect()
}

fn limits(
    refuse: &Refuse<'_>,
    written: Option<WrittenKeyLimits>,
    unset: KeyLimits,
) -> Result<KeyLimits, KeyringError> {
    let limits = written.unwrap_or_default().over(unset);
    limits.map_err(|error| {
        let field = format!("limits.{}", error.field);
        entry_error(error.position, refuse.id, &field, error.problem.into())
    })
}

fn credentials(
    refuse: &Refuse<'_>,
    written: file::Credentials,
    purposes: Purposes,
) -> Result<KeyCredentials, KeyringError> {
    let unset = KeyCredentials::default();
    let name = |purpose: Purpose, text: Option<Spanned<String>>, unset: String| {
        let Some(text) = text else { return Ok(unset) };
        let field = format!("credentials.{}", purpose.word());
        // A name that is never used is a fence somebody believes in.
        if !purposes.satisfy(Purposes::from_iter([purpose])) {
            return Err(refuse.at(&field, &text, KeyProblem::IdleCredential));
        }
        word(refuse, &field, text)
    };
    Ok(KeyCredentials {
        inference: name(Purpose::Inference, written.inference, unset.inference)?,
        upload: name(Purpose::Upload, written.upload, unset.upload)?,
        conversation: name(
            Purpose::Conversation,
            written.conversation,
            unset.conversation,
        )?,
    })
}

fn word(refuse: &Refuse<'_>, field: &str, text: Spanned<String>) -> Result<String, KeyringError> {
    if is_name(&text.value) {
        Ok(text.value)
    } else {
        Err(refuse.at(field, &text, KeyProblem::Word))
    }
}

/// Speaks of one entry.
struct Refuse<'a> {
    id: &'a str,
    position: Position,
}

impl Refuse<'_> {
    fn at<T>(&self, field: &str, value: &Spanned<T>, problem: KeyProblem) -> KeyringError {
        entry_error(Position::of(value), self.id, field, problem)
    }

    fn entry(&self, field: &str, problem: KeyProblem) -> KeyringError {
        entry_error(self.position, self.id, field, problem)
    }
}

pub(super) fn entry_error(
    position: Position,
    id: &str,
    field: &str,
    problem: KeyProblem,
) -> KeyringError {
    KeyringError::Entry {
        position,
        id: id.to_owned(),
        field: field.to_owned(),
        problem,
    }
}

fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b))
        // Somebody put the token where its id belongs: it would be in every log line.
        && !text.starts_with("gtak_")
}

fn is_scope(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:".contains(&b))
}

/// A name, or a prefix with `*` at its end.
fn is_pattern(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    (1..=256).contains(&name.len())
        && !name.contains('*')
        && !name.chars().any(char::is_control)
        && !name.trim().is_empty()
}

const DEFAULT_POLICY: &str = "default";
