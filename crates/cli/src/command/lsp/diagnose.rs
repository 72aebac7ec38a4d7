//! What is wrong with the open texts, file by file.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

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

/// How many diagnostics of one file the editor is told; of the rest, how many they are.
const MOST: usize = 1000;

/// What is wrong with every open text, and with what open documents include.
pub(super) fn all(buffers: &Buffers, table: &GtRoutes) -> Findings {
    let files = by_file(buffers, table);
    let tell = |(uri, found): (String, Vec<Diagnostic>)| {
        let told = of_file(buffers, &uri, &found);
        (uri, told)
    };
    files.into_iter().map(tell).collect()
}

/// What is found, by the URI of the file it is in. Every open text has an entry.
fn by_file(buffers: &Buffers, table: &GtRoutes) -> BTreeMap<String, Vec<Diagnostic>> {
    let mut files = BTreeMap::<String, Vec<Diagnostic>>::new();
    for (uri, buffer) in buffers.iter() {
        let found = match Kind::of(&buffer.text) {
            Kind::Document => check(buffers, buffer, table).found().to_vec(),
            Kind::Base => Document::parse(&buffer.text).err().unwrap_or_default(),
            Kind::Cases => read_cases(&buffer.text).err().unwrap_or_default(),
            Kind::Other => Vec::new(),
        };
        files.entry(uri.to_owned()).or_default();
        for diagnostic in found {
            let file = diagnostic.file.as_deref();
            let uri = file.map_or_else(|| uri.to_owned(), |path| buffers.uri_of(path));
            files.entry(uri).or_default().push(diagnostic);
        }
    }
    files
}

/// What is told of one file: each thing once, though two documents may include the file.
fn of_file(buffers: &Buffers, uri: &str, found: &[Diagnostic]) -> Vec<Told> {
    let text = match buffers.get(uri) {
        Some(buffer) => Cow::Borrowed(buffer.text.as_str()),
        None => from_disk(buffers, found),
    };
    let mut seen = BTreeSet::new();
    let once = found.iter().filter(|it| seen.insert(identity(it)));
    let found: Vec<&Diagnostic> = once.collect();
    let lines = Lines::of(&text);
    let told = found.iter().take(MOST).map(|it| told(it, &lines));
    let rest = found
        .get(MOST)
        .map(|first| unsaid(first, found.len() - MOST, &lines));
    told.chain(rest).collect()
}

/// The text of a file that is not open.
fn from_disk(buffers: &Buffers, found: &[Diagnostic]) -> Cow<'static, str> {
    let path = found.iter().find_map(|it| it.file.as_deref());
    let bytes = path.and_then(|path| buffers.read(path.as_ref()).ok());
    let bytes = bytes.unwrap_or_default();
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// What tells a diagnostic from others of the same file.
fn identity(found: &Diagnostic) -> (u32, u32, &str, &str, Option<&str>) {
    let (message, help) = (found.message.as_str(), found.help.as_deref());
    (found.line, found.column, found.code, message, help)
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

/// That there are more, where the first of them is.
fn unsaid(first: &Diagnostic, count: usize, lines: &Lines<'_>) -> Told {
    Told {
        range: lines.word(first.line, first.column),
        severity: Some(DiagnosticSeverity::INFORMATION),
        source: Some("signalbox".to_owned()),
        message: format!("not shown from here on: {count} more"),
        ..Told::default()
    }
}
