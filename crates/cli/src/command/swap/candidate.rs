//! What is to serve, as it is sent: documents are compiled here, the host knows components alone.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context as _;
use serde_json::Value;
use signalbox_policy::{Case, Values};

use crate::{cases_file, exit::Misused, named, policy_file::PolicyFile};

/// One policy of a transaction.
pub(super) struct Candidate {
    pub(super) name: String,
    /// What a document calls itself, if no name was given for it.
    pub(super) own_name: Option<String>,
    pub(super) component: Component,
    /// A DSSE envelope, as it stands in its file.
    pub(super) statement: Option<Vec<u8>>,
    pub(super) cases: Option<Vec<Case>>,
}

/// Where its component comes from.
pub(super) enum Component {
    /// From here.
    Bytes(Vec<u8>),
    /// From a registry, which the host asks.
    Reference(String),
}

/// Reads all of them. Every error of a document has been printed when this returns `None`.
pub(super) fn read(
    policies: &[String],
    values: &Values,
    statements: &[String],
    cases: &[String],
) -> anyhow::Result<Option<Vec<Candidate>>> {
    let policies = by_name(policies)?;
    let mut statements = attached("--statement", statements, &policies)?;
    let mut cases = attached("--cases", cases, &policies)?;
    let mut candidates = Vec::new();
    let mut all_valid = true;
    for (name, Given { what, is_named }) in policies {
        let cases = match cases.remove(name) {
            None => None,
            Some(path) => {
                let cases = cases_file::read(Path::new(path))?;
                all_valid &= cases.is_some();
                cases
            }
        };
        let Some((component, own_name)) = component(what, values)? else {
            all_valid = false;
            continue;
        };
        let statement = statements
            .remove(name)
            .map(|path| statement(Path::new(path)));
        candidates.push(Candidate {
            name: name.to_owned(),
            own_name: own_name.filter(|_| !is_named),
            component,
            statement: statement.transpose()?,
            cases,
        });
    }
    Ok(all_valid.then_some(candidates))
}

/// One policy as it stands on the command line.
struct Given<'a> {
    what: &'a str,
    is_named: bool,
}

/// What is to serve, by name; no name twice.
fn by_name(policies: &[String]) -> Result<BTreeMap<&str, Given<'_>>, Misused> {
    let mut named = BTreeMap::new();
    for text in policies {
        let (name, what) = named::split(text);
        let is_named = name.is_some();
        let name = name.unwrap_or(named::DEFAULT);
        if named.insert(name, Given { what, is_named }).is_some() {
            return Err(Misused(format!(
                "two files for the policy `{name}`; write NAME=FILE"
            )));
        }
    }
    Ok(named)
}

/// Files that belong to a policy, by its name, which may be left out if there is one policy.
fn attached<'a>(
    option: &str,
    files: &'a [String],
    policies: &BTreeMap<&'a str, Given<'_>>,
) -> Result<BTreeMap<&'a str, &'a str>, Misused> {
    let mut by_name = BTreeMap::new();
    for text in files {
        let (name, file) = match (named::split(text), policies.len()) {
            ((Some(name), file), _) => (name, file),
            ((None, file), 1) => (policies.keys().next().copied().unwrap_or_default(), file),
            ((None, _), _) => {
                return Err(Misused(format!(
                    "{option} {text}: there are several policies; write NAME=FILE"
                )));
            }
        };
        if !policies.contains_key(name) {
            return Err(Misused(format!(
                "{option} {text}: no policy `{name}` is swapped"
            )));
        }
        if by_name.insert(name, file).is_some() {
            return Err(Misused(format!(
                "{option} is given twice for the policy `{name}`"
            )));
        }
    }
    Ok(by_name)
}

/// A component, and the name of the document it is compiled from.
fn component(what: &str, values: &Values) -> anyhow::Result<Option<(Component, Option<String>)>> {
    if what.starts_with("oci://") {
        if !values.is_empty() {
            return Err(Misused(format!("{what} is a component; values are for documents")).into());
        }
        return Ok(Some((Component::Reference(what.to_owned()), None)));
    }
    let Some(file) = PolicyFile::read(Path::new(what), values)? else {
        return Ok(None);
    };
    let own_name = file.own_name().map(str::to_owned);
    let bytes = file.into_component().with_context(|| what.to_owned())?;
    Ok(Some((Component::Bytes(bytes), own_name)))
}

fn statement(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes).with_context(|| {
        format!(
            "{} is no signed statement; `signalbox sign` writes one",
            path.display()
        )
    })?;
    Ok(bytes)
}
