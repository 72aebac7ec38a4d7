//! The files of `tests/conformance`: read, played, and written again.

use std::{fs, path::Path};

use super::{
    Open,
    compare::{differences, record, without_records},
    files::folder,
    fixture::Guests,
    format::{Topic, Version},
    play::Stage,
    printed::printed,
};

/// The names of the files, in their order, without `.json`.
///
/// # Panics
/// If the folder cannot be read.
#[must_use]
pub fn names() -> Vec<String> {
    names_in(&folder())
}

pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> = files
        .map(|file| file.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Reads a file.
///
/// # Panics
/// If it is not of the format.
#[must_use]
pub fn read(name: &str) -> Topic {
    let path = folder().join(name).with_extension("json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.json: {error}"))
}

/// Whether a file is written as [`rewrite`] writes it, so that the next difference is one.
///
/// # Panics
/// If it is not of the format.
#[must_use]
pub fn is_as_printed(name: &str) -> bool {
    let text = fs::read_to_string(folder().join(name).with_extension("json"));
    printed(&read(name)) == text.expect("the file can be read")
}

/// Plays every exchange of a file over every version: what is not as it says, each with its place.
#[must_use]
pub fn check(name: &str, guests: &Guests, open: Open<'_>) -> Vec<String> {
    let topic = read(name);
    let mut wrong = Vec::new();
    for version in Version::ALL {
        let stage = Stage::open(&topic, guests, open);
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
pub fn rewrite(name: &str, guests: &Guests, open: Open<'_>) {
    let mut topic = read(name);
    let mut came: Vec<Vec<_>> = topic.exchanges.iter().map(|_| Vec::new()).collect();
    for version in Version::ALL {
        let stage = Stage::open(&topic, guests, open);
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
    let path = folder().join(name).with_extension("json");
    fs::write(path, printed(&topic)).expect("the file can be written");
}

/// After so many exchanges that could not be played the rest of a file is left out.
const MOST_UNPLAYED: usize = 3;
