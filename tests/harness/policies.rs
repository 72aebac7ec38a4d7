//! Policies as the tests use them: compiled from documents.

use std::fs;

use signalbox_policy::{Files, Resolved, Unreadable, Values, read_with};

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

/// The same from a component whose engine the runtime does not know: a program.
///
/// # Panics
/// If the document is not valid.
#[must_use]
pub fn program(document: &str) -> Vec<u8> {
    let mut component = component(document);
    let (text, other) = (b"Use a key that has it.", b"Use a key that HAS it.");
    let mut places = component.windows(text.len());
    let at = places.position(|bytes| bytes == text);
    let place = at.and_then(|at| component.get_mut(at..at + text.len()));
    place.expect("the engine's words").copy_from_slice(other);
    component
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

/// The runbook of a client, with what it includes.
///
/// # Panics
/// If there is none, or it is not valid.
#[must_use]
pub fn runbook_for(client: &str) -> Resolved {
    let path = format!("{client}.yaml");
    let read = read_with(&runbook(client), &path, &mut Runbooks, &Values::new());
    read.unwrap_or_else(|found| panic!("{path}: {found:#?}"))
}

/// The component that a document and what it includes become.
///
/// # Panics
/// If it cannot be compiled.
#[must_use]
pub fn component_of(resolved: &Resolved) -> Vec<u8> {
    let compiled = signalbox_compiler::compile(resolved.policy(), resolved.source());
    compiled.expect("a checked policy compiles")
}

/// The folder of the runbooks.
struct Runbooks;

impl Files for Runbooks {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        let text = fs::read_to_string(root().join("plugins/runbooks").join(path));
        text.map_err(|error| Unreadable::Because(error.to_string()))
    }
}
