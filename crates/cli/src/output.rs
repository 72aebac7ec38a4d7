//! The one place that prints: stdout is data, stderr is talk.

use std::io::{ErrorKind, Write};

/// Writes data and a line end to stdout. A reader that went away (`| head`) is no error.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes JSON to stdout.
pub(crate) fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    data(&serde_json::to_string_pretty(value)?)
}

/// Says something on stderr. Whether anybody hears it does not matter.
pub(crate) fn talk(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says on stderr what went wrong.
pub(crate) fn problem(text: &str) {
    talk(&format!("error: {text}"));
}
