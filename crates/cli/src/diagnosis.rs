//! What is wrong with a file, as it is printed.

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Read as _};

use signalbox_policy::{Diagnostic, Files, Unreadable, limits};

/// The files a document includes, read from the disk. Their texts are kept to be shown; one that
/// cannot be read has none.
#[derive(Debug, Default)]
pub(crate) struct Included(BTreeMap<String, String>);

impl Files for Included {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        let mut text = String::new();
        let read = fs::File::open(path);
        let read = read.and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
        let text = read.map(|_| text);
        let kept = text.as_ref().map_or_else(|_| String::new(), String::clone);
        self.0.insert(path.to_owned(), kept);
        text.map_err(|error| Unreadable::Because(error.to_string()))
    }
}

/// One more than is read of a document, so that a longer one is refused and not cut.
const MOST_BYTES: u64 = limits::TEXT_BYTES as u64 + 1;

impl Included {
    /// The files that were asked for.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// `file:line:column: error[code]: message`, the line at fault and the help, for each error.
pub(crate) fn diagnosis(
    name: &str,
    source: &str,
    included: &Included,
    diagnostics: &[Diagnostic],
) -> String {
    let own: Vec<&str> = source.lines().collect();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let file = diagnostic.file.as_deref();
        let index = usize::try_from(diagnostic.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = match file.and_then(|file| included.0.get(file)) {
            Some(text) => text.lines().nth(index),
            None => own.get(index).copied(),
        };
        let _ = match file {
            // Its name is printed with the place.
            Some(_) => writeln!(text, "{diagnostic}"),
            None => writeln!(text, "{name}:{diagnostic}"),
        };
        if let Some(line) = line {
            let column = usize::try_from(diagnostic.column.saturating_sub(1)).unwrap_or_default();
            let shown: String = line.chars().take(160).collect();
            let _ = writeln!(text, "    | {shown}");
            if column < 160 {
                let _ = writeln!(text, "    | {}^", " ".repeat(column));
            }
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(text, "    = help: {help}");
        }
    }
    let errors = diagnostics.len();
    let plural = if errors == 1 { "" } else { "s" };
    let _ = write!(
        text,
        "{name}: {errors} error{plural}; docs/errors.md explains each code"
    );
    text
}
