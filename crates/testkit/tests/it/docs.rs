//! The page on testing shows what the crate's own documentation has, which runs.

use std::{fs, path::Path};

use signalbox_testkit::Law;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/testing.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_example_of_the_page_is_one_that_runs() {
    let page = page();
    let (_, example) = page.split_once("```rust\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let shown = |line: &&str| !line.starts_with("# ");
    let lines = include_str!("../../src/lib.rs").lines();
    let lines =
        lines.filter_map(|line| Some(line.strip_prefix("//!")?.strip_prefix(' ').unwrap_or("")));
    let crates: String = lines
        .filter(shown)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(crates.contains(example), "{example}\n{crates}");
}

#[test]
fn the_page_has_each_law() {
    let page = page();
    for law in Law::ALL {
        assert!(page.contains(&format!("| `{law}` | ")), "{law}");
    }
}
