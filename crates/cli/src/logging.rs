//! Logs go to stderr. `SIGNALBOX_LOG` filters them, as in `warn,signalbox::access=info`.
//!
//! Whatever it says, of other crates nothing below `info` is logged: HTTP libraries write heads and
//! frames there, with keys and prompts in them. And whatever a panic says, only fixed text of it.

mod json;
mod lines;
mod panics;

use std::time::SystemTime;

use signalbox_host::AccessLine;
use signalbox_swap::error_chain;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, format::JsonFields},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::output;
use json::Json;
use lines::{Flush, Lines};

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A program: one JSON object a line.
    Machine,
    /// A person at a terminal.
    Person,
}

/// Starts logging for this process. What waits to be written is, when the answer is dropped.
#[must_use]
pub(crate) fn start(reader: Reader) -> Option<Flush> {
    let (lines, flush) = match Lines::start(std::io::stderr()) {
        Ok(started) => started,
        Err(error) => {
            output::talk(&format!("no logs: {}", error_chain(&error)));
            return None;
        }
    };
    let filter =
        EnvFilter::try_from_env("SIGNALBOX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    if let Err(error) = subscriber(reader, filter, lines.clone()).try_init() {
        output::talk(&format!("no logs: {}", error_chain(&error)));
        return None;
    }
    if reader == Reader::Machine {
        AccessLine::set_writer(json::access::writer(lines, SystemTime::now));
    }
    panics::log();
    Some(flush)
}

/// Everything that is logged passes here.
fn subscriber(
    reader: Reader,
    filter: EnvFilter,
    lines: Lines,
) -> impl tracing::Subscriber + Send + Sync {
    let layer = fmt::layer().with_writer(lines);
    let layer = match reader {
        Reader::Machine => layer
            .fmt_fields(JsonFields::new())
            .event_format(Json::new())
            .boxed(),
        Reader::Person => layer.compact().with_ansi(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(may_be_logged))
        .with(layer)
}

/// The host's own lines are made to hold no secret; others are not.
fn may_be_logged(line: &Metadata<'_>) -> bool {
    line.target().starts_with("signalbox") || *line.level() <= Level::INFO
}

#[cfg(test)]
mod tests;
