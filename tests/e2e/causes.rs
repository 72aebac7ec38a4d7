//! What is logged of an error says why: a program that reads the log gets of an error its own words
//! alone, so its causes have to be in them.

use std::{fs, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../");

/// How a field of a log line would take an error without its causes.
const ALONE: [&str; 4] = [
    "%error",
    "?error",
    "as &dyn Error",
    "as &dyn std::error::Error",
];

fn find(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            find(&path, found);
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source");
        let lines = source
            .lines()
            .filter(|line| ALONE.iter().any(|it| line.contains(it)));
        found.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
}

#[test]
fn no_error_is_logged_without_its_causes() {
    let mut found = Vec::new();
    for folder in [
        "host/src",
        "crates/cli/src",
        "crates/swap/src",
        "crates/gate/src",
    ] {
        find(&Path::new(ROOT).join(folder), &mut found);
    }
    assert!(found.is_empty(), "use `error_chain`:\n{}", found.join("\n"));
}
