//! Cases that the editor runs, in the runtime that hosts have.

use lsp_types::{Position, Range};
use serde_json::{Value, json};
use signalbox_cases::Report;
use signalbox_policy::{Case, Document, Resolved};
use signalbox_runtime::{LoadOptions, Runtime};

use super::outline::{Entry, entries, is_case_of};
use crate::compile;

/// What the editor sends to have a case run: a URI and the case's name.
pub(super) const RUN: &str = "signalbox.runCase";

/// Runs cases; the runtime is there from the first on.
#[derive(Default)]
pub(super) struct Runner(Option<Runtime>);

impl Runner {
    /// What became of a case, each time it is repeated.
    pub(super) fn run(&mut self, resolved: &Resolved, name: &str) -> anyhow::Result<Report> {
        let policy = resolved.policy();
        let cases = policy
            .cases()
            .iter()
            .filter(|case| is_case_of(name, &case.name));
        let cases: Vec<Case> = cases.cloned().collect();
        anyhow::ensure!(!cases.is_empty(), "the document has no case `{name}`");
        let component = signalbox_compiler::compile(policy, resolved.source())?;
        let runtime = match self.0.take() {
            Some(runtime) => runtime,
            None => compile::runtime()?,
        };
        let runtime = self.0.insert(runtime);
        let plugin = runtime.load(&component, &LoadOptions::default())?;
        Ok(signalbox_cases::run(&plugin, &cases))
    }
}

/// A lens above each case.
pub(super) fn lenses(uri: &str, document: &Document) -> Value {
    let lens = |(line, entry): (u32, Entry)| {
        let Entry::Case(name) = entry else {
            return None;
        };
        let start = Position::new(line, 0);
        Some(json!({
            "range": Range::new(start, start),
            "command": {"title": "Run case", "command": RUN, "arguments": [uri, name]},
        }))
    };
    entries(document).into_iter().filter_map(lens).collect()
}
