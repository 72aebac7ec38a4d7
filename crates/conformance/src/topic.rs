//! The files of a suite: read, played, and written again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::{
    Start,
    compare::{differences, record, without_records},
    format::{Topic, Version},
    printed::printed,
};

/// A folder of exchanges.
#[derive(Clone, Debug)]
pub struct Suite {
    folder: PathBuf,
}

/// A file that cannot be read as one of a suite.
#[derive(Debug, thiserror::Error)]
#[error("{} is no file of exchanges", .path.display())]
pub struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl Suite {
    /// The one in this folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of its files, in their order, without `.json`.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Unreadable> {
        names_in(&self.folder)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is not of the format.
    pub fn read(&self, name: &str) -> Result<Topic, Unreadable> {
        read(&self.path(name))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension("json")
    }
}

/// The names of the files of JSON in a folder.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, Unreadable> {
    let names = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_some_and(|it| it == "json") {
                names.extend(stem.map(str::to_owned));
            }
        }
        names.sort();
        Ok(names)
    };
    names().map_err(|source| Unreadable {
        path: folder.to_owned(),
        source,
    })
}

/// A file of JSON.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Unreadable> {
    let text = fs::read_to_string(path);
    let value = text.and_then(|text| serde_json::from_str(&text).map_err(io::Error::from));
    value.map_err(|source| Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// Whether a file is written as [`rewrite`] writes it, so that the next difference is one.
///
/// # Panics
/// If it is not of the format.
#[must_use]
pub fn is_as_printed(suite: &Suite, name: &str) -> bool {
    let text = fs::read_to_string(suite.path(name));
    let topic = suite.read(name).expect("it is of the format");
    printed(&topic) == text.expect("the file can be read")
}

/// Plays every exchange of a file over every version: what is not as it says, each with its place.
///
/// # Panics
/// If the file is not of the format.
#[must_use]
pub fn check(suite: &Suite, name: &str, start: Start<'_>) -> Vec<String> {
    let topic = suite.read(name).expect("it is of the format");
    let mut wrong = Vec::new();
    for version in Version::ALL {
        let stage = start(&topic);
        let mut unplayed = 0;
        for exchange in &topic.exchanges {
            // What does not come is waited for each time.
            if !exchange.over.contains(&version) || unplayed == MOST_UNPLAYED {
                continue;
            }
            let lines = match stage.play(exchange, version) {
                Ok(came) if stage.keeps_records() => differences(exchange, version, &came),
                Ok(came) => differences(&without_records(exchange), version, &came),
                Err(what) => {
                    unplayed += 1;
                    vec![what]
                }
            };
            if !lines.is_empty() {
                let title = format!("{name}.json, {:?}, {version:?}", exchange.name);
                wrong.push(format!("{title}\n{}", lines.join("\n")));
            }
        }
        if let Err(what) = stage.close() {
            wrong.push(format!("{name}.json, at the end: {what}"));
        }
    }
    wrong
}

/// Plays every exchange of a file and writes down what came of it.
///
/// # Panics
/// If an exchange cannot be played, or its versions differ in more than headers.
pub fn rewrite(suite: &Suite, name: &str, start: Start<'_>) {
    let mut topic = suite.read(name).expect("it is of the format");
    let mut came: Vec<Vec<_>> = topic.exchanges.iter().map(|_| Vec::new()).collect();
    for version in Version::ALL {
        let stage = start(&topic);
        for (exchange, came) in topic.exchanges.iter().zip(&mut came) {
            if exchange.over.contains(&version) {
                let played = stage.play(exchange, version);
                let at = format!("{name}.json, {:?}, {version:?}", exchange.name);
                came.push((
                    version,
                    played.unwrap_or_else(|what| panic!("{at}: {what}")),
                ));
            }
        }
        stage
            .close()
            .unwrap_or_else(|what| panic!("{name}.json: {what}"));
    }
    for (exchange, came) in topic.exchanges.iter_mut().zip(&came) {
        let recorded = record(exchange, came);
        recorded.unwrap_or_else(|what| panic!("{name}.json, {:?}: {what}", exchange.name));
    }
    fs::write(suite.path(name), printed(&topic)).expect("the file can be written");
}

/// After so many exchanges that could not be played the rest of a file is left out.
pub(super) const MOST_UNPLAYED: usize = 3;
