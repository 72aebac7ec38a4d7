//! The table of `docs/clients.md`.

use std::fs;

use serde_json::Value;

use super::{Asked, How, Installed, Trial, trials};
use crate::root;

/// Its lines: a head, and a row for each client.
#[must_use]
pub fn page() -> String {
    let head = "| client | version | how | asked | base URL |\n| --- | --- | --- | --- | --- |\n";
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
        How::Closed => (String::new(), "closed: from its documentation".to_owned()),
    };
    format!("| {client} | {version} | {how} | {asked} | {bases} |\n")
}

fn asked(asked: &[Asked]) -> String {
    let words = asked.iter().map(|asked| match asked {
        Asked::Models => "models".to_owned(),
        Asked::Chat => "chat".to_owned(),
        Asked::Stream => "stream".to_owned(),
        Asked::Embeddings => "embeddings".to_owned(),
        Asked::Agent => "a task".to_owned(),
        Asked::NotSupported(route) => format!("refused `{route}`"),
        Asked::WrongScope => "refused without its scope".to_owned(),
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
