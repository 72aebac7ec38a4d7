//! No file of a crate imports, over however many others, a file that imports it.
//!
//! A file names what it needs from `crate::`, `super::`, `self::` or a module of its own; a name
//! that a module only imports, or exports again, counts as the file it is from. One direction is
//! left out: a file may name what stands in the modules around it, as a module may name its parts.

mod graph;
mod reader;
mod tokens;

use std::{collections::BTreeMap, fs};

use self::graph::Crate;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../");

/// The folders of sources, from the project's root.
fn folders() -> Vec<String> {
    let crates = fs::read_dir(format!("{ROOT}crates")).expect("the crates");
    let names = crates.map(|entry| entry.expect("a crate").file_name());
    let crates = names.map(|name| format!("crates/{}/src", name.display()));
    let others = [
        "host/src",
        "xtask/src",
        "tests/harness",
        "plugins/engine/src",
        "examples/pingora/src",
    ];
    crates.chain(others.map(str::to_owned)).collect()
}

#[test]
fn no_import_closes_a_loop() {
    let mut loops = BTreeMap::new();
    for folder in folders() {
        loops.extend(Crate::read(&format!("{ROOT}{folder}"), &folder).loops());
    }
    let imports: Vec<_> = loops.into_values().flatten().collect();
    let imports = imports.join("\n");
    assert!(imports.is_empty(), "these imports close loops:\n{imports}");
}
