//! Signatures and registries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_saphyr::Spanned;
use signalbox_swap::verifying_key;

use super::super::is_name;
use super::super::value::{wrong, wrong_at};
use super::super::{
    ConfigError, Problem, RegistryLogin, RegistrySettings, SignatureSettings, SignerConfig,
    SignerKey, file,
};
use crate::yaml::{Position, WrittenNames};

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
    let environment = match written.environment {
        Some(name) if !is_name(&name.value) => {
            return Err(wrong("signatures.environment", &name, Problem::Name));
        }
        name => name.map(|name| name.value),
    };
    Ok(SignatureSettings {
        // Whoever names signers means them; optional signatures have to be asked for.
        required: written.required.unwrap_or(true),
        environment,
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
    let login = match (written.username, written.password_file) {
        (None, None) => None,
        (Some(name), Some(password)) => Some(RegistryLogin {
            username: name.value.0,
            password_file: folder.join(password.value.0),
        }),
        (Some(alone), None) => return Err(wrong("registry.username", &alone, Problem::Login)),
        (None, Some(alone)) => return Err(wrong("registry.password_file", &alone, Problem::Login)),
    };
    Ok(RegistrySettings {
        interval: written.interval.unwrap_or(unset.interval),
        login,
        plaintext: written.plaintext,
        ca_file: written.ca_file.map(|file| folder.join(file)),
    })
}
