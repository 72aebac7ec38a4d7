//! What an author changes: the files of a folder, but those that a build makes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, ensure};

use super::build::PLUGIN;

/// The files of a folder at a moment: when each was written, and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State(BTreeMap<PathBuf, (SystemTime, u64)>);

impl State {
    pub(super) fn of(folder: &Path) -> anyhow::Result<Self> {
        let mut state = BTreeMap::new();
        for path in files(folder)? {
            // One that is gone meanwhile is a change, which the next look sees.
            if let Ok(file) = fs::metadata(folder.join(&path)) {
                state.insert(path, (file.modified()?, file.len()));
            }
        }
        Ok(Self(state))
    }
}

/// What stands in the files of a folder, as a hash of each.
#[derive(Debug)]
pub(super) struct Texts(BTreeMap<PathBuf, Option<u64>>);

impl Texts {
    pub(super) fn of(folder: &Path, state: &State) -> Self {
        let text = |path: &PathBuf| (path.clone(), text(&folder.join(path)));
        Self(state.0.keys().map(text).collect())
    }

    /// What is there now and was not, is there no longer, or says something else.
    pub(super) fn changed(&self, folder: &Path, now: &State) -> BTreeSet<PathBuf> {
        let now = Self::of(folder, now);
        let all = now.0.keys().chain(self.0.keys());
        let changed = all.filter(|path| self.0.get(*path) != now.0.get(*path));
        changed.cloned().collect()
    }
}

/// `None` if it cannot be read.
fn text(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

/// The files below a folder, by their paths from there. Left out is what its `.gitignore` names: plain
/// names, without patterns.
pub(in crate::command) fn files(folder: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let ignored = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    let names = ignored.lines().map(|line| line.trim().trim_matches('/'));
    let always = [PLUGIN, ".git"];
    let mut ignored: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    ignored.extend(always);
    let mut files = BTreeSet::new();
    collect(folder, Path::new(""), &ignored, &mut files)
        .with_context(|| format!("cannot look into {}", folder.display()))?;
    ensure!(
        files.len() <= MOST,
        "{} has more than {MOST} files; its .gitignore is to name what is no source",
        folder.display()
    );
    Ok(files)
}

fn collect(
    folder: &Path,
    below: &Path,
    ignored: &BTreeSet<&str>,
    files: &mut BTreeSet<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| ignored.contains(name)) || files.len() > MOST {
            continue;
        }
        let path = below.join(name);
        // A link to a folder could lead round in circles.
        if entry.file_type()?.is_dir() {
            collect(folder, &path, ignored, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_makes_is_not_watched() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("src/policy.rs", "one");
        write("target/out", "");
        write("plugin.wasm", "");
        write("deep/__pycache__/x", "");
        write(".gitignore", "/target\n__pycache__/\n\n");
        let there = files(folder.path()).unwrap();
        let expected = [".gitignore", "src/policy.rs"].map(PathBuf::from);
        assert_eq!(there, BTreeSet::from(expected));

        let before = State::of(folder.path()).unwrap();
        let texts = Texts::of(folder.path(), &before);
        write("target/out", "more");
        assert_eq!(State::of(folder.path()).unwrap(), before);
        let changed = |expected: &[&str]| {
            let now = State::of(folder.path()).unwrap();
            let expected = expected.iter().map(PathBuf::from).collect();
            assert_eq!(texts.changed(folder.path(), &now), expected);
        };
        // Written anew, and the same.
        write("src/policy.rs", "one");
        changed(&[]);
        write("src/policy.rs", "two");
        write("more", "");
        changed(&["more", "src/policy.rs"]);
    }
}
