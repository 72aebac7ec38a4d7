//! What was found, as JSON: an entry for each file.

use serde_json::{Value, json};
use signalbox_policy::{Policy, Rules as _, Severity};

use super::CheckedFile;
use crate::finding::Finding;

pub(super) fn report(files: &[CheckedFile]) -> Value {
    files.iter().map(file).collect()
}

fn file(file: &CheckedFile) -> Value {
    let found = file.found().into_iter();
    let found: Vec<Value> = found.map(|it| diagnostic(it, file.name())).collect();
    json!({
        "file": file.name(),
        "policy": file.policy().map(policy),
        "errors": file.count(Severity::Error),
        "warnings": file.count(Severity::Warning),
        "diagnostics": found,
    })
}

fn policy(policy: &Policy) -> Value {
    json!({
        "name": policy.name(),
        "routes": policy.routes().count(),
        "models": policy.models().count(),
        "cases": policy.cases().len(),
    })
}

/// `name` is the document's; what a base says is in a file of its own.
fn diagnostic(diagnostic: &dyn Finding, name: &str) -> Value {
    let (line, column) = diagnostic.place();
    json!({
        "severity": diagnostic.severity().word(),
        "code": diagnostic.code(),
        "file": diagnostic.file().unwrap_or(name),
        "line": line,
        "column": column,
        "message": diagnostic.message(),
        "help": diagnostic.help(),
        "suggestion": diagnostic.suggestion(),
    })
}
