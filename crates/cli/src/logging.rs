//! Logs go to stderr. `SIGNALBOX_LOG` filters them, as in `warn,signalbox::decision=info`.

use tracing_subscriber::{EnvFilter, fmt};

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A program: one JSON object a line.
    Machine,
    /// A person at a terminal.
    Person,
}

/// Starts logging for this process.
pub(crate) fn start(reader: Reader) {
    let filter =
        EnvFilter::try_from_env("SIGNALBOX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match reader {
        Reader::Machine => builder.json().flatten_event(true).try_init(),
        Reader::Person => builder.compact().with_ansi(false).try_init(),
    };
    if let Err(error) = started {
        crate::output::talk(&format!("no logs: {error}"));
    }
}
