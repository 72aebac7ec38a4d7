//! The table of `docs/clients.md`.

use std::fs;

use serde_json::Value;

use super::{Asked, How, Installed, Trial, trials};
use crate::root;

/// Its lines: a head, and a row for each client.
#[must_use]
pub fn page() -> String {
    let head = "| client | version | how | asked | base URL | its export |\n| --- | --- | --- | --- | --- | --- |\n";
    let rows = trials();
    let rows = rows.iter().map(row);
    [head.to_owned()].into_iter().chain(rows).collect()
}

fn row(trial: &Trial) -> String {
    let (client, asked) = (trial.client, asked(trial.asked));
    let bases = trial.bases.iter();
    let bases: Vec<_> = bases
        .map(|base| match *base {
            "" => "the host alone".to_owned(),
            base => format!("`{base}`"),
        })
        .collect();
    let bases = bases.join(", ");
    let (version, how) = match trial.how {
        How::Runs(it) | How::Sdk(it) => (it.version(), format!("runs: {}", it.runs())),
        How::Source { version, read, .. } => {
            (version.to_owned(), format!("wire form: from `{read}`"))
        }
        How::Closed { .. } => (String::new(), "closed: from its documentation".to_owned()),
    };
    let export = match trial.how {
        How::Runs(_) | How::Sdk(_) if trial.asked.contains(&Asked::Exported) => {
            "used unchanged".to_owned()
        }
        How::Runs(_) | How::Sdk(_) => String::new(),
        How::Source { export, .. } | How::Closed { export } => format!("compared with {export}"),
    };
    format!("| {client} | {version} | {how} | {asked} | {bases} | {export} |\n")
}

fn asked(asked: &[Asked]) -> String {
    let words = asked.iter().filter_map(|asked| match asked {
        Asked::Models => Some("models".to_owned()),
        Asked::Chat => Some("chat".to_owned()),
        Asked::Stream => Some("stream".to_owned()),
        Asked::Embeddings => Some("embeddings".to_owned()),
        Asked::Agent => Some("a task".to_owned()),
        Asked::NotSupported(route) => Some(format!("refused `{route}`")),
        Asked::WrongScope => Some("refused without its scope".to_owned()),
        // It has a column of its own.
        Asked::Exported => None,
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Installed {
    /// The language of its script.
    #[must_use]
    pub fn language(&self) -> &'static str {
        if self.script.ends_with(".py") {
            "python"
        } else {
            "node"
        }
    }

    /// What runs, for the reader: a package by its name and registry.
    fn runs(&self) -> String {
        let registry = match self.language() {
            "python" => "PyPI",
            _ => "npm",
        };
        format!("`{}` of {registry}", self.package)
    }

    /// The version that its pins name.
    ///
    /// # Panics
    /// If they do not.
    #[must_use]
    pub fn version(&self) -> String {
        let path = self.pinned_in();
        let text = fs::read_to_string(root().join(&path)).expect("the pins are there");
        let found = if self.language() == "python" {
            let pin = format!("{}==", self.package);
            let mut lines = text.lines();
            lines.find_map(|line| Some(line.strip_prefix(&pin)?.to_owned()))
        } else {
            let manifest: Value = serde_json::from_str(&text).expect("JSON");
            manifest["dependencies"][self.package]
                .as_str()
                .map(str::to_owned)
        };
        found.unwrap_or_else(|| panic!("{path} does not pin {}", self.package))
    }

    fn pinned_in(&self) -> String {
        match (self.pins, self.language()) {
            ("clients", "python") => "tests/clients/requirements.txt".to_owned(),
            ("clients", _) => "tests/clients/package.json".to_owned(),
            (name, "python") => format!("tests/runbook_clients/python/{name}.txt"),
            (name, _) => format!("tests/runbook_clients/node/{name}/package.json"),
        }
    }
}
