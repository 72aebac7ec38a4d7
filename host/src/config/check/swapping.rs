//! Sources, swaps, signatures and registries.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;

use serde_saphyr::Spanned;
use signalbox_runtime::TrafficShare;
use signalbox_swap::verifying_key;

use super::super::is_name;
use super::super::value::{path, range, span, wrong, wrong_at};
use super::super::{
    ConfigError, Problem, RegistryLogin, RegistrySettings, SignatureSettings, SignerConfig,
    SignerKey, SwapSettings, file,
};
use crate::policy_sources::sources::PolicySource;
use crate::yaml::{Position, WrittenNames};

pub(super) fn policies(
    written: &Spanned<BTreeMap<String, Spanned<String>>>,
    folder: &Path,
) -> Result<BTreeMap<String, PolicySource>, ConfigError> {
    if written.value.is_empty() {
        return Err(wrong_at("policies", Position::of(written), Problem::Empty));
    }
    let source = |key: &str, text: &Spanned<String>| {
        path(key, text, folder)?;
        PolicySource::read(text.value.trim(), folder)
            .map_err(|error| wrong(key, text, Problem::Reference(error)))
    };
    named("policies", &written.value, source)
}

pub(super) fn swap(written: file::Swap, folder: &Path) -> Result<SwapSettings, ConfigError> {
    let unset = SwapSettings::default();
    let keep = range("swap.keep", written.keep, 1, MOST_KEPT)?;
    let keep = keep
        .and_then(|n| usize::try_from(n).ok())
        .and_then(NonZeroUsize::new);
    let file = |key: &str, text: &Spanned<String>| path(key, text, folder);
    let shadow_cpu = match written.shadow_cpu {
        None => unset.shadow_cpu,
        Some(text) => text
            .value
            .parse::<TrafficShare>()
            .map_err(|_| wrong("swap.shadow_cpu", &text, Problem::Share))?,
    };
    Ok(SwapSettings {
        keep: keep.unwrap_or(unset.keep),
        cases: named("swap.cases", &written.cases.unwrap_or_default(), file)?,
        watch: written.watch.unwrap_or(unset.watch),
        shadow_cpu,
    })
}

pub(super) fn signatures(
    written: file::Signatures,
    folder: &Path,
) -> Result<SignatureSettings, ConfigError> {
    if written.signers.value.is_empty() {
        let at = Position::of(&written.signers);
        return Err(wrong_at("signatures.signers", at, Problem::Empty));
    }
    let mut signers = BTreeMap::new();
    for (id, entry) in written.signers.value {
        let key = format!("signatures.signers.{id}");
        if !is_name(&id) {
            return Err(wrong(&key, &entry, Problem::Name));
        }
        signers.insert(id, signer(&key, entry, folder)?);
    }
    Ok(SignatureSettings {
        // Whoever names signers means them; optional signatures have to be asked for.
        required: written.required.unwrap_or(true),
        signers,
    })
}

fn signer(
    key: &str,
    written: Spanned<file::Signer>,
    folder: &Path,
) -> Result<SignerConfig, ConfigError> {
    let at = Position::of(&written);
    let refuse = |problem| wrong_at(key, at, problem);
    let written = written.value;
    let signer_key = match (written.key_file, written.key) {
        (Some(file), None) if file.trim().is_empty() => return Err(refuse(Problem::Blank)),
        (Some(file), None) => SignerKey::File(folder.join(file)),
        (None, Some(text)) => {
            SignerKey::Given(verifying_key(&text).map_err(|_| refuse(Problem::PublicKey))?)
        }
        _ => return Err(refuse(Problem::SignerKey)),
    };
    let policies = match written.policies {
        WrittenNames::All => None,
        WrittenNames::Only(names) if names.is_empty() => return Err(refuse(Problem::NoPolicy)),
        WrittenNames::Only(names) => Some(policy_names(key, &names)?),
    };
    Ok(SignerConfig {
        key: signer_key,
        policies,
    })
}

fn policy_names(key: &str, names: &[Spanned<String>]) -> Result<Vec<String>, ConfigError> {
    let key = format!("{key}.policies");
    let mut seen = BTreeSet::new();
    for name in names {
        if !is_name(&name.value) {
            return Err(wrong(&key, name, Problem::Name));
        }
        if !seen.insert(name.value.clone()) {
            return Err(wrong(&key, name, Problem::Twice));
        }
    }
    Ok(seen.into_iter().collect())
}

pub(super) fn registry(
    written: file::Registry,
    folder: &Path,
) -> Result<RegistrySettings, ConfigError> {
    let unset = RegistrySettings::default();
    let file = |key: &str, text: &Spanned<String>| path(key, text, folder);
    let login = match (&written.username, &written.password_file) {
        (None, None) => None,
        (Some(name), _) if name.value.trim().is_empty() => {
            return Err(wrong("registry.username", name, Problem::Blank));
        }
        (Some(name), Some(password)) => Some(RegistryLogin {
            username: name.value.clone(),
            password_file: file("registry.password_file", password)?,
        }),
        (Some(alone), None) => return Err(wrong("registry.username", alone, Problem::Login)),
        (None, Some(alone)) => return Err(wrong("registry.password_file", alone, Problem::Login)),
    };
    let mut plaintext = Vec::new();
    for place in written.plaintext.unwrap_or_default() {
        if !is_authority(&place.value) {
            return Err(wrong("registry.plaintext", &place, Problem::Authority));
        }
        plaintext.push(place.value.to_ascii_lowercase());
    }
    let ca_file = written.ca_file.as_ref();
    Ok(RegistrySettings {
        interval: span("registry.interval", written.interval, unset.interval)?,
        login,
        plaintext,
        ca_file: ca_file
            .map(|text| file("registry.ca_file", text))
            .transpose()?,
    })
}

/// A map of policy names.
fn named<T>(
    key: &str,
    written: &BTreeMap<String, Spanned<String>>,
    value: impl Fn(&str, &Spanned<String>) -> Result<T, ConfigError>,
) -> Result<BTreeMap<String, T>, ConfigError> {
    let entry = |(name, text): (&String, &Spanned<String>)| {
        let key = format!("{key}.{name}");
        if !is_name(name) {
            return Err(wrong(&key, text, Problem::Name));
        }
        Ok((name.clone(), value(&key, text)?))
    };
    written.iter().map(entry).collect()
}

fn is_authority(text: &str) -> bool {
    text.parse::<http::uri::Authority>()
        .is_ok_and(|authority| !authority.host().is_empty() && !text.contains('@'))
}

/// Each keeps its machine code and its tables: at a million models, 170 MiB.
const MOST_KEPT: u64 = 32;
