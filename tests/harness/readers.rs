//! How other languages' parsers read a body: the programs in `tests/clients/readers`, each of which
//! is started once and given thousands.

use std::{collections::BTreeMap, io::Write};

use serde_json::Value;

use crate::{
    clients::{python, script},
    process::Program,
    root,
};

/// What each reader says: nothing if it refuses the body, else every model it finds, in hexadecimal
/// (`?` for one that is no text).
pub type Readings = BTreeMap<String, Option<Vec<String>>>;

/// Lets all readers of JSON read these lines, one body each, in base64.
#[must_use]
pub fn read_json(lines: &str) -> Vec<Readings> {
    read_by_all("json", lines)
}

/// Lets all readers of multipart read these lines: content type and body, each in base64.
#[must_use]
pub fn read_forms(lines: &str) -> Vec<Readings> {
    read_by_all("form", lines)
}

fn read_by_all(what: &str, lines: &str) -> Vec<Readings> {
    let program = |extension| script(&format!("readers/read_{what}.{extension}"));
    let cache = root().join(".cache/go");
    let programs = [
        python().arg(program("py")),
        Program::new("node").arg(program("mjs")),
        Program::new("go")
            .arg("run")
            .arg(program("go"))
            .env("GOCACHE", &cache.to_string_lossy())
            // The programs need nothing but Go's own library.
            .env("GOPROXY", "off"),
    ];
    let count = lines.lines().count();
    let mut all = vec![Readings::new(); count];
    for program in programs {
        let printed = fed(program, lines);
        assert_eq!(printed.lines().count(), count, "an answer to each line");
        for (readings, line) in all.iter_mut().zip(printed.lines()) {
            readings.extend(reading(line));
        }
    }
    all
}

fn fed(program: Program, lines: &str) -> String {
    let mut process = program.open_input().start();
    let mut input = process.input().expect("its input is open");
    // What it prints goes to a file, so neither waits for the other.
    let written = input.write_all(lines.as_bytes());
    drop(input);
    let status = process.wait();
    assert!(
        written.is_ok() && status.success(),
        "{written:?}, {status}: {process:?}: {}",
        process.stderr()
    );
    process.stdout()
}

fn reading(line: &str) -> Readings {
    let read: Value = serde_json::from_str(line).expect("a reader prints JSON");
    let one = |value: &Value| {
        let models = value.as_array()?.iter();
        let models = models.map(|model| model.as_str().expect("a model is text").to_owned());
        Some(models.collect())
    };
    let readers = read.as_object().expect("a reader prints an object");
    readers
        .iter()
        .map(|(name, value)| (name.clone(), one(value)))
        .collect()
}
