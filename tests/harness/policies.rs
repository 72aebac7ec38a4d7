//! Policies as the tests use them: compiled from documents.

use std::fs;

use crate::root;

/// The component a document becomes.
///
/// # Panics
/// If the document is not valid.
#[must_use]
pub fn component(document: &str) -> Vec<u8> {
    let policy = signalbox_policy::read(document).unwrap_or_else(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    signalbox_compiler::compile(&policy, document).expect("a checked policy compiles")
}

/// One of the documents in `plugins/runbooks`.
///
/// # Panics
/// If there is none of this name.
#[must_use]
pub fn runbook(name: &str) -> String {
    let path = root()
        .join("plugins/runbooks")
        .join(name)
        .with_extension("yaml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
