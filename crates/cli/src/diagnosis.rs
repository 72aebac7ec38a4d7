//! What is wrong with a file, as it is printed.

use std::{collections::BTreeMap, fmt::Write as _};

use signalbox_policy::Severity;

use crate::{finding::Finding, included::Texts};

/// `file:line:column: error[code]: message`, the line at fault and the help, for each error and warning.
pub(crate) fn diagnosis<F: Finding>(
    name: &str,
    source: &str,
    included: &Texts,
    diagnostics: &[F],
) -> String {
    let mut lines: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let file = diagnostic.file();
        let (line, column) = diagnostic.place();
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let lines = lines.entry(file).or_insert_with(|| {
            let text = file.map_or(Some(source), |file| included.get(file));
            text.unwrap_or_default().lines().collect()
        });
        let line = lines.get(index);
        let _ = match file {
            // Its name is printed with the place.
            Some(_) => writeln!(text, "{diagnostic}"),
            None => writeln!(text, "{name}:{diagnostic}"),
        };
        if let Some(line) = line {
            let column = usize::try_from(column.saturating_sub(1)).unwrap_or_default();
            let shown: String = line.chars().take(160).collect();
            let _ = writeln!(text, "    | {shown}");
            if column < 160 {
                let _ = writeln!(text, "    | {}^", " ".repeat(column));
            }
        }
        if let Some(help) = diagnostic.help() {
            let _ = writeln!(text, "    = help: {help}");
        }
    }
    let counts = [Severity::Error, Severity::Warning].map(|severity| count(diagnostics, severity));
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = counts.join(", ");
    let _ = write!(text, "{name}: {counts}; docs/errors.md explains each code");
    text
}

/// `1 error`, `2 errors`; `None` if there is none.
fn count<F: Finding>(diagnostics: &[F], severity: Severity) -> Option<String> {
    let found = diagnostics.iter().filter(|it| it.severity() == severity);
    let word = severity.word();
    match found.count() {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    }
}
