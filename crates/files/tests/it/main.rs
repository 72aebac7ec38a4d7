//! Private folders are tested by who has one, the state and the cache; here is the rest.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod key;
mod locked;
mod replace;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder with one file.
struct Place {
    folder: tempfile::TempDir,
    file: PathBuf,
}

fn place(text: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, text).unwrap();
    Place { folder, file }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
