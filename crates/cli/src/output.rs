//! The one place that prints: stdout is data, stderr is talk.
//!
//! What is printed holds text of documents, components and hosts. Whoever puts such a text into a
//! line makes it one line; here nothing passes that a terminal would obey.

use std::io::{ErrorKind, Write};

use crate::show;

/// Writes data and a line end to stdout. A reader that went away (`| head`) is no error.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let text = show::lines(text);
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a text to stdout as it is: it is what was read from there.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes JSON to stdout.
pub(crate) fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    data(&show::json(&serde_json::to_string_pretty(value)?))
}

/// Says something on stderr. Whether anybody hears it does not matter.
pub(crate) fn talk(text: &str) {
    let text = show::lines(text);
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says on stderr what went wrong.
pub(crate) fn problem(text: &str) {
    talk(&format!("error: {text}"));
}
