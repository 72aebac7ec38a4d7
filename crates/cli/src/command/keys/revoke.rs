//! `signalbox keys revoke`: marks a key in its file. The rest of the file stays as people wrote it.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail, ensure};
use signalbox_host::keyring::Keyring;

use crate::{exit::Exit, output, whole_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The keyring.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: PathBuf,
    /// The key's identifier.
    id: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let path = &arguments.keys;
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let before = Keyring::parse(&text).with_context(|| format!("cannot use {name}"))?;
    let key = before
        .key(&arguments.id)
        .with_context(|| format!("{name} has no key `{}`", arguments.id))?;
    if key.revoked {
        output::talk(&format!("`{}` is revoked already", arguments.id));
        return Ok(Exit::Ok);
    }
    let Some(changed) = revoked(&text, &arguments.id) else {
        bail!(
            "cannot find where `{0}` begins in {name}; set `revoked: true` by hand",
            arguments.id
        );
    };
    let after = Keyring::parse(&changed).context("the changed keyring would not load")?;
    let is_revoked = after.key(&arguments.id).is_some_and(|key| key.revoked);
    ensure!(
        is_revoked && after.len() == before.len(),
        "cannot mark `{}` safely; set `revoked: true` by hand",
        arguments.id
    );
    whole_file::write(path, changed.as_bytes())?;
    output::talk(&format!(
        "revoked `{}`; a running host refuses it within seconds",
        arguments.id
    ));
    Ok(Exit::Ok)
}

/// The text with `revoked: true` in the entry of `id`, for entries in block or flow style.
fn revoked(text: &str, id: &str) -> Option<String> {
    let mut changed = String::with_capacity(text.len() + 32);
    let mut done = false;
    for line in text.split_inclusive('\n') {
        changed.push_str(line);
        if done || !names(line, id) {
            continue;
        }
        done = true;
        if line.contains('{') {
            let flow = line.replacen('{', "{revoked: true, ", 1);
            changed.truncate(changed.len() - line.len());
            changed.push_str(&flow);
        } else {
            let column = line.find("id:")?;
            if !line.ends_with('\n') {
                changed.push('\n');
            }
            changed.push_str(&" ".repeat(column));
            changed.push_str("revoked: true\n");
        }
    }
    done.then_some(changed)
}

/// Whether a line holds `id: ID`, quoted or not.
fn names(line: &str, id: &str) -> bool {
    let Some((before, after)) = line.split_once("id:") else {
        return false;
    };
    let is_key = before
        .chars()
        .all(|c| c.is_whitespace() || "-{,".contains(c));
    let value = after.trim_start();
    let value = value
        .split([',', '}', '#', '\n'])
        .next()
        .unwrap_or_default()
        .trim();
    is_key && value.trim_matches(['"', '\'']) == id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_in_both_styles_are_marked() {
        let block = "keys:\n  - id: a # first\n    models: all\n  - id: \"b\"\n    models: all";
        let marked = "keys:\n  - id: a # first\n    models: all\n  - id: \"b\"\n    \
                      revoked: true\n    models: all";
        assert_eq!(revoked(block, "b").as_deref(), Some(marked));
        let flow = "keys:\n  - {id: a, models: all}\n";
        let marked = "keys:\n  - {revoked: true, id: a, models: all}\n";
        assert_eq!(revoked(flow, "a").as_deref(), Some(marked));
        assert_eq!(revoked(block, "c"), None);
    }
}
