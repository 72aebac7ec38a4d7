//! An entry added at the end of a keyring's file.

use std::path::Path;

use anyhow::anyhow;

use super::file::LockedKeyFile;
use crate::exit::Misused;

/// Adds an entry as `keys new` prints it; comments, order and permissions stay.
/// Where no file is yet, it begins one.
pub(super) fn append(path: &Path, id: &str, entry: &str) -> anyhow::Result<()> {
    let file = LockedKeyFile::open_or_begin(path)?;
    let name = path.display();
    if file.keys.keyring.key(id).is_some() {
        return Err(Misused(format!("{name} has a key `{id}` already")).into());
    }
    let changed = file
        .keys
        .changed(ways(&file.keys.text, entry), id, |_| true);
    let text = changed.map_err(|why| {
        anyhow!("cannot add to {name} safely; add the entry under `keys:` by hand: {why:#}")
    })?;
    file.replace(&text)
}

/// The text with the entry in it, in each way there is. Which one is right shows when it is read.
fn ways(text: &str, entry: &str) -> [Option<String>; 2] {
    let ended = if text.ends_with('\n') || text.is_empty() {
        text.to_owned()
    } else {
        format!("{text}\n")
    };
    let first = text
        .lines()
        .find(|line| line.trim_start().starts_with("- "));
    let indent = first.map(|line| line.len() - line.trim_start().len());
    let behind = indent.map(|indent| ended.clone() + &indented(entry, indent));
    let empty = ended.contains("keys: []");
    let only = empty.then(|| ended.replacen("keys: []", "keys:", 1) + entry);
    [behind, only]
}

/// As far to the right as the entries there are.
fn indented(entry: &str, indent: usize) -> String {
    let lines = entry.lines().map(|line| {
        let line = line.strip_prefix("  ").unwrap_or(line);
        format!("{}{line}\n", " ".repeat(indent))
    });
    lines.collect()
}
