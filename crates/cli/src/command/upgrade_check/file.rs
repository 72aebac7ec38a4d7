//! One file, whatever it is.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context as _;
use jiff::Timestamp;
use signalbox_gate::gt_routes;
use signalbox_host::{
    SourceError, Sources as _,
    installation::{Finding, check_component},
    load_keyring,
};
use signalbox_policy::{Case, Values, read_with};
use signalbox_runtime::CompileIn;
use signalbox_swap::{SignatureError, Statement, error_chain, verifying_key};

use crate::{
    compile,
    included::{Included, from_disk},
    sources::Documents,
};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration,
    Keyring,
    Cases,
    Statement,
    PublicKey,
    /// A document, or WebAssembly.
    Policy,
}

pub(super) fn check(path: &Path, values: &Values) -> anyhow::Result<Vec<Finding>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = match Kind::of(&bytes) {
        Kind::Configuration => return super::installation(path, values),
        Kind::Policy => policy(path, bytes, values, compile::in_child()?),
        Kind::Keyring => one("keyring", load_keyring(path)),
        Kind::Cases => cases(path, bytes).err().into_iter().collect(),
        Kind::Statement => statement(&bytes).err().into_iter().collect(),
        Kind::PublicKey => one("signer", verifying_key(&String::from_utf8_lossy(&bytes))),
    };
    let found = found.into_iter();
    Ok(found.map(|finding| finding.of(Some(path))).collect())
}

impl Kind {
    /// What it is by what it says. Whatever is nothing else is a policy: its errors say the most.
    fn of(bytes: &[u8]) -> Self {
        let Ok(text) = str::from_utf8(bytes) else {
            return Self::Policy;
        };
        let text = text.trim_start();
        if text.starts_with("-----BEGIN PUBLIC KEY") {
            return Self::PublicKey;
        }
        if text.starts_with('[') || text.starts_with("- ") {
            return Self::Cases;
        }
        let keys = top_level_keys(text);
        let has = |key| keys.contains(key);
        if has("payloadType") {
            Self::Statement
        } else if has("policy") || has("routes") {
            Self::Policy
        } else if has("upstream") || has("policies") {
            Self::Configuration
        } else if has("keys") {
            Self::Keyring
        } else if has("cases") {
            Self::Cases
        } else {
            Self::Policy
        }
    }
}

/// The keys of JSON's outermost object, or of YAML's lines that are not indented. That does for
/// files that are broken elsewhere.
fn top_level_keys(text: &str) -> BTreeSet<String> {
    if text.starts_with('{') {
        let object: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
        return object.map_or_else(
            |_| quoted(text),
            |all| all.into_iter().map(|it| it.0).collect(),
        );
    }
    let lines = text
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '-']));
    let keys = lines.filter_map(|line| Some(line.split_once(':')?.0.trim_matches(['"', ' '])));
    keys.map(str::to_owned).collect()
}

/// Of broken JSON whatever stands in quotes.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn policy(path: &Path, bytes: Vec<u8>, values: &Values, compile: CompileIn) -> Vec<Finding> {
    if let Some(finding) = below_gt(path, &bytes, values) {
        return vec![finding];
    }
    match Documents::with(values.clone()).component(path, bytes, &mut from_disk) {
        Ok(component) => check_component(component, compile),
        Err(error) => vec![of_source("policy", error)],
    }
}

/// A document that `check` and `build` refuse: a host still serves it, within GT's table of routes.
fn below_gt(path: &Path, bytes: &[u8], values: &Values) -> Option<Finding> {
    let source = str::from_utf8(bytes).ok()?;
    let (name, mut read) = (path.display().to_string(), from_disk);
    let included = &mut Included::hidden(&mut read);
    let resolved = read_with(source, &name, included, values).ok()?;
    let found = resolved.check_gt_routes(&gt_routes::shipped());
    let first = found.first()?;
    let finding = Finding::stops(first.code, "policy", first.to_string());
    Some(match &first.help {
        Some(help) => finding.help(help.as_str()),
        None => finding,
    })
}

fn cases(path: &Path, bytes: Vec<u8>) -> Result<(), Finding> {
    let json = Documents::default().cases(path, bytes);
    let json = json.map_err(|error| of_source("cases", error))?;
    let cases: Result<Vec<Case>, _> = serde_json::from_slice(&json);
    // The reader ends its message with the place.
    let refuse =
        |error: serde_json::Error| Finding::stops("invalid_cases", "cases", error.to_string());
    cases.map(drop).map_err(refuse)
}

/// Who signed it only a configuration can tell; whether it is one, and still holds, the file can.
fn statement(bytes: &[u8]) -> Result<(), Finding> {
    let refuse = |error: SignatureError| {
        let help = error.help();
        let reason = error_chain(&error);
        Finding::stops("statement", "statement", reason).help(help)
    };
    let statement = Statement::unverified(bytes).map_err(refuse)?;
    let (not_after, now) = (statement.not_after, Timestamp::now());
    if now > not_after {
        return Err(refuse(SignatureError::Expired { not_after, now }));
    }
    Ok(())
}

fn one<T, E>(code: &'static str, read: Result<T, E>) -> Vec<Finding>
where
    E: std::error::Error,
{
    let error = read.err();
    let finding = error.map(|error| Finding::stops(code, code, error_chain(&error)));
    finding.into_iter().collect()
}

fn of_source(what: &str, error: SourceError) -> Finding {
    Finding::stops(error.code, what, error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_shows_in_what_it_says() {
        for (text, kind) in [
            ("policy: p\nroutes:\n", Kind::Policy),
            (
                "routes:\n  GET /v1/models: {verdit: native}\n",
                Kind::Policy,
            ),
            (
                "# keys:\nupstream: {}\nkeys: keys.yaml\n",
                Kind::Configuration,
            ),
            (
                "listen: 127.0.0.1:1\npolicies:\n  a: b\n",
                Kind::Configuration,
            ),
            ("keys:\n- id: a\n", Kind::Keyring),
            ("{\"keys\": []}", Kind::Keyring),
            ("{\"keys\": [", Kind::Keyring),
            ("cases:\n  - {name: n}\n", Kind::Cases),
            ("[]", Kind::Cases),
            ("- {name: n}\n", Kind::Cases),
            ("{\"payloadType\": \"x\"}", Kind::Statement),
            ("-----BEGIN PUBLIC KEY-----\n", Kind::PublicKey),
            ("\0asm\x0d\0\x01\0", Kind::Policy),
            ("", Kind::Policy),
        ] {
            assert_eq!(Kind::of(text.as_bytes()), kind, "{text}");
        }
        assert_eq!(Kind::of(b"\xff"), Kind::Policy);
    }
}
