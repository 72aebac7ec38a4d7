//! The clients of GT's runbooks that install: for those in Python an environment each, since their pins clash, and
//! for those in JavaScript a `node_modules` each.
//!
//! They are gigabytes, so a machine has them once: in the user's cache, beside the fingerprint of their pins, with a
//! link from each clone. What was installed for other pins stays until somebody deletes it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    clients,
    kept::{self, environment},
};
use crate::process::root;

/// Installs what is missing in Python.
pub(super) fn python() -> anyhow::Result<()> {
    clients::debian(&[("python3", "python3"), ("git", "git")])?;
    let files = entries(&root().join(SCRIPTS).join("python"))?;
    let mut pins = files
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "txt"));
    pins.try_for_each(|path| environment(path, ".cache/clients"))
}

/// What is in a folder, in the order of its names.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|it| it.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// Installs what is missing in JavaScript.
pub(super) fn node() -> anyhow::Result<()> {
    clients::debian(&[("npm", "npm"), ("git", "git")])?;
    let folder = root().join(SCRIPTS).join("node");
    let clients = entries(&folder)?;
    let mut clients = clients.iter().filter(|path| path.is_dir());
    clients.try_for_each(|path| modules(path))
}

/// What a client's `package-lock.json` says, linked as `node_modules` beside it.
fn modules(client: &Path) -> anyhow::Result<()> {
    kept::modules(
        &kept::stem(client)?,
        client,
        &["../.npmrc"],
        &client.join("node_modules"),
    )
}

const SCRIPTS: &str = "tests/runbook_clients";
