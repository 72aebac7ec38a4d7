//! What was found, as SARIF 2.1.0: the part of it that says what is wrong and where.

use serde::Serialize;

use super::CheckedFile;
use crate::{finding::Finding, uri};

#[derive(Debug, Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    id: &'static str,
    help: Message,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

pub(super) fn log(files: &[CheckedFile]) -> Log {
    let found = files
        .iter()
        .flat_map(|file| file.found().into_iter().map(|it| (file.name(), it)));
    let found: Vec<(&str, &dyn Finding)> = found.collect();
    let mut codes: Vec<&'static str> = found.iter().map(|(_, it)| it.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = found.iter().map(|(name, it)| result(name, *it, &codes));
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            column_kind: "unicodeCodePoints",
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    name: "signalbox",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: codes.iter().copied().map(rule).collect(),
                },
            },
        }],
    }
}

fn rule(code: &'static str) -> Rule {
    let text = format!("docs/errors.md explains `{code}`.");
    Rule {
        id: code,
        help: Message { text },
    }
}

fn result(name: &str, found: &dyn Finding, codes: &[&'static str]) -> SarifResult {
    let (line, column) = found.place();
    let place = codes.iter().position(|code| *code == found.code());
    let help = found.help();
    let help = help
        .map(|help| format!("\nhelp: {help}"))
        .unwrap_or_default();
    SarifResult {
        rule_id: found.code(),
        rule_index: place.unwrap_or_default(),
        level: found.severity().word(),
        message: Message {
            text: format!("{}{help}", found.message()),
        },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: Artifact {
                    uri: uri::of_path(found.file().unwrap_or(name)),
                },
                region: Region {
                    start_line: line,
                    start_column: column,
                },
            },
        }],
    }
}
