//! What was found, as JSON: an entry for each file.

use serde_json::{Value, json};
use signalbox_policy::{Diagnostic, Policy, Rules as _, Severity};

use crate::checked::Checked;

pub(super) fn report(files: &[Checked]) -> Value {
    files.iter().map(file).collect()
}

fn file(file: &Checked) -> Value {
    let found = file.found().iter();
    let found: Vec<Value> = found.map(|it| diagnostic(it, file.name())).collect();
    json!({
        "file": file.name(),
        "policy": file.valid().map(|it| policy(it.policy())),
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
fn diagnostic(diagnostic: &Diagnostic, name: &str) -> Value {
    json!({
        "severity": diagnostic.severity.word(),
        "code": diagnostic.code,
        "file": diagnostic.file.as_deref().unwrap_or(name),
        "line": diagnostic.line,
        "column": diagnostic.column,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "suggestion": diagnostic.suggestion,
    })
}
