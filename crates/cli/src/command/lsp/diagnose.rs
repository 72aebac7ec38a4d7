//! What is wrong with the open texts, file by file.

use std::collections::BTreeMap;

use lsp_types::{Diagnostic as Told, DiagnosticSeverity, NumberOrString};
use signalbox_policy::{Diagnostic, Document, Severity, Values, gt_routes::GtRoutes, read_cases};

use super::{
    buffers::{Buffer, Buffers},
    kind::Kind,
    lines::Lines,
};
use crate::checked::Checked;

/// What is said of each file, by its URI.
pub(super) type Findings = BTreeMap<String, Vec<Told>>;

/// What is wrong with every open text, and with what open documents include.
pub(super) fn all(buffers: &Buffers, table: &GtRoutes) -> Findings {
    let mut findings = Findings::new();
    for (uri, buffer) in buffers.iter() {
        let found = match Kind::of(&buffer.text) {
            Kind::Document => check(buffers, buffer, table).found().to_vec(),
            Kind::Base => Document::parse(&buffer.text).err().unwrap_or_default(),
            Kind::Cases => read_cases(&buffer.text).err().unwrap_or_default(),
            Kind::Other => Vec::new(),
        };
        findings.entry(uri.to_owned()).or_default();
        for diagnostic in found {
            let file = diagnostic.file.as_deref();
            let uri = file.map_or_else(|| uri.to_owned(), |path| buffers.uri_of(path));
            let told = match file {
                None => told(&diagnostic, &Lines::of(&buffer.text)),
                Some(path) => {
                    let bytes = buffers.read(path.as_ref()).unwrap_or_default();
                    told(&diagnostic, &Lines::of(&String::from_utf8_lossy(&bytes)))
                }
            };
            let of_file = findings.entry(uri).or_default();
            // Two documents may include one file.
            if !of_file.contains(&told) {
                of_file.push(told);
            }
        }
    }
    findings
}

/// A document with what it includes, as the editor shows them.
pub(super) fn check(buffers: &Buffers, buffer: &Buffer, table: &GtRoutes) -> Checked {
    let read = &mut |path: &std::path::Path| buffers.read(path);
    let (name, text) = (buffer.name(), buffer.text.clone());
    Checked::of(&name, text, read, &Values::new(), table)
}

fn told(found: &Diagnostic, lines: &Lines<'_>) -> Told {
    let severity = match found.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
    };
    let help = found.help.as_ref();
    let help = help
        .map(|help| format!("\nhelp: {help}"))
        .unwrap_or_default();
    Told {
        range: lines.word(found.line, found.column),
        severity: Some(severity),
        code: Some(NumberOrString::String(found.code.to_owned())),
        source: Some("signalbox".to_owned()),
        message: format!("{}{help}", found.message),
        data: found.suggestion.clone().map(Into::into),
        ..Told::default()
    }
}
