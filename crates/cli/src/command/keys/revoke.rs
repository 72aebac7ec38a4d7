//! `signalbox keys revoke`: marks a key in its file. The rest of the file stays as people wrote it.

use std::path::{Path, PathBuf};

use anyhow::bail;
use signalbox_gate::keyring::Key;

use super::{file::LockedKeyFile, taken_over};
use crate::{admin::Access, exit::Exit, output};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
    With any option of a running host, or SIGNALBOX_ADMIN, that host is asked until it says that it \
    has taken over the file, for thirty seconds at most. The view token will do.")]
pub(crate) struct Arguments {
    /// The keyring.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: PathBuf,
    /// The key's identifier.
    id: String,
    #[command(flatten)]
    access: Option<Access>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (path, id) = (&arguments.keys, &arguments.id);
    let client = arguments.access.as_ref().map(Access::client).transpose()?;
    let is_new = mark(path, id)?;
    let done = if is_new {
        format!("revoked `{id}`")
    } else {
        format!("`{id}` is revoked already")
    };
    let Some(client) = client else {
        output::talk(&match is_new {
            true => format!("{done}; a running host refuses it within seconds"),
            false => done,
        });
        return Ok(Exit::Ok);
    };
    output::talk(&format!("{done} in {}", path.display()));
    taken_over::wait(&client, path, id)?;
    output::talk(&format!("{} refuses it", client.address()));
    Ok(Exit::Ok)
}

/// Marks a key in its file; gives whether it was not marked before.
fn mark(path: &Path, id: &str) -> anyhow::Result<bool> {
    let file = LockedKeyFile::open(path)?;
    let key = file.keys.key(id)?;
    if key.revoked {
        return Ok(false);
    }
    let place = key.position();
    let ends = file.keys.keyring.iter().map(|key| key.position().line);
    let end = ends.filter(|line| *line > place.line).min();
    let entry = Entry {
        line: index(place.line),
        column: index(place.column),
        end: end.map(index),
    };
    let ways = entry.ways(&file.keys.text);
    let Ok(text) = file.keys.changed(ways, id, |key: &Key| key.revoked) else {
        bail!(
            "cannot mark `{id}` safely; set `revoked: true` in its entry, line {} of {}",
            place.line,
            path.display()
        );
    };
    file.replace(&text)?;
    Ok(true)
}

/// Where an entry is, counted from zero.
struct Entry {
    line: usize,
    column: usize,
    /// Where the next one begins, if there is one on a later line.
    end: Option<usize>,
}

impl Entry {
    /// The text with the entry marked, in each way there is, the nicest first. Which one is right
    /// shows when it is read again.
    fn ways(&self, text: &str) -> [Option<String>; 4] {
        [
            self.turned(text),
            self.in_flow(text),
            self.below_the_first_line(text),
            self.before_the_first_field(text),
        ]
    }

    /// `revoked: false` there already.
    fn turned(&self, text: &str) -> Option<String> {
        let (before, entry, after) = self.apart(text);
        let (first, key, rest) = ["revoked: false", "\"revoked\": false", "\"revoked\":false"]
            .iter()
            .find_map(|key| {
                entry
                    .split_once(key)
                    .map(|(first, rest)| (first, key, rest))
            })?;
        let turned = key.replace("false", "true");
        Some(format!("{before}{first}{turned}{rest}{after}"))
    }

    /// `{id: …` becomes `{revoked: true, id: …`.
    fn in_flow(&self, text: &str) -> Option<String> {
        let (before, entry, after) = self.apart(text);
        let (first, rest) = self.split(entry)?;
        let rest = rest.strip_prefix('{')?;
        let is_json = rest.trim_start().starts_with('"');
        let key = if is_json { "\"revoked\"" } else { "revoked" };
        Some(format!("{before}{first}{{{key}: true, {rest}{after}"))
    }

    fn below_the_first_line(&self, text: &str) -> Option<String> {
        let (before, entry, after) = self.apart(text);
        let (first, rest) = entry.split_once('\n').unwrap_or((entry, ""));
        let indent = " ".repeat(self.column);
        Some(format!(
            "{before}{first}\n{indent}revoked: true\n{rest}{after}"
        ))
    }

    /// For entries whose first field takes more than its line.
    fn before_the_first_field(&self, text: &str) -> Option<String> {
        let (before, entry, after) = self.apart(text);
        let (first, rest) = self.split(entry)?;
        let indent = " ".repeat(self.column);
        Some(format!(
            "{before}{first}revoked: true\n{indent}{rest}{after}"
        ))
    }

    /// What stands before the entry's first line, up to the next entry, and from there on.
    fn apart<'t>(&self, text: &'t str) -> (&'t str, &'t str, &'t str) {
        let start = |line: usize| {
            let lines = text.split_inclusive('\n').take(line);
            lines.map(str::len).sum::<usize>()
        };
        let (from, to) = (start(self.line), self.end.map_or(text.len(), start));
        let part = |range| text.get(range).unwrap_or_default();
        (part(0..from), part(from..to), part(to..text.len()))
    }

    /// The entry's first line at its column, which counts letters.
    fn split<'t>(&self, entry: &'t str) -> Option<(&'t str, &'t str)> {
        let (at, _) = entry.char_indices().nth(self.column)?;
        entry.split_at_checked(at)
    }
}

fn index(counted_from_one: u64) -> usize {
    usize::try_from(counted_from_one.saturating_sub(1)).unwrap_or(usize::MAX)
}
