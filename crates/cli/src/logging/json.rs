//! A line of the log as one JSON object, written by hand into a buffer that is used again.
//!
//! tracing-subscriber's own formatter hands on every quote and every comma by itself, which made it a
//! fifth of a request. The bytes are the same: a test compares. What is rare is left to it: a line
//! within a span, a time before 1970 or after 9999, a value that cannot be printed, and a line that is
//! logged while another is put together.

pub(super) mod access;
mod names;
mod text;

use std::{
    cell::RefCell,
    fmt::{self, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Format, Writer},
    },
    registry::LookupSpan,
};

use names::Names;

/// Writes lines.
#[derive(Debug)]
pub(super) struct Json {
    clock: fn() -> SystemTime,
    standard: Format<format::Json>,
}

impl Json {
    pub(super) fn new() -> Self {
        Self::by(SystemTime::now)
    }

    fn by(clock: fn() -> SystemTime) -> Self {
        let standard = format::format().json().flatten_event(true);
        Self { clock, standard }
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let parent = event.parent().and_then(|id| context.span(id));
        let is_in_a_span = parent.or_else(|| context.lookup_current()).is_some();
        let by_hand = LINE.with(|line| {
            let mut line = line.try_borrow_mut().ok().filter(|_| !is_in_a_span)?;
            let line = line.write((self.clock)(), event)?;
            Some(writer.write_str(line))
        });
        by_hand.unwrap_or_else(|| self.standard.format_event(context, writer, event))
    }
}

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}

/// A thread's line, and the second it wrote last.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    names: Names,
    second: u64,
    /// `2026-11-29T19:04:15`
    date: String,
}

impl Line {
    /// The whole line; `None` if it cannot be written here.
    fn write(&mut self, time: SystemTime, event: &Event<'_>) -> Option<&str> {
        self.begin(time, event.metadata().level().as_str())?;
        let mut fields = Fields {
            text: &mut self.text,
            names: self.names.of(event.metadata()),
            is_printed: true,
        };
        event.record(&mut fields);
        if !fields.is_printed {
            return None;
        }
        std::str::from_utf8(self.end(event.metadata().target())).ok()
    }

    /// All before the fields.
    fn begin(&mut self, time: SystemTime, level: &str) -> Option<()> {
        self.text.clear();
        self.text.extend_from_slice(br#"{"timestamp":""#);
        self.time(time)?;
        self.text.extend_from_slice(br#"","level":""#);
        self.text.extend_from_slice(level.as_bytes());
        self.text.push(b'"');
        Some(())
    }

    /// The whole line, once its fields are there.
    fn end(&mut self, target: &str) -> &[u8] {
        self.text.extend_from_slice(br#","target":""#);
        text::escape(target, &mut self.text);
        self.text.extend_from_slice(b"\"}\n");
        &self.text
    }

    fn time(&mut self, time: SystemTime) -> Option<()> {
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        if since.as_secs() != self.second || self.date.is_empty() {
            let time = Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()?;
            self.date.clear();
            write!(self.date, "{time}").ok()?;
            // Microseconds come before the `Z`.
            self.date.pop()?;
            self.second = since.as_secs();
        }
        self.text.extend_from_slice(self.date.as_bytes());
        self.text.push(b'.');
        text::six_digits(since.subsec_micros(), &mut self.text);
        self.text.push(b'Z');
        Some(())
    }
}

/// The fields of an event, each with a comma before it.
struct Fields<'a> {
    text: &'a mut Vec<u8>,
    names: &'a [Vec<u8>],
    /// No value has refused to be printed.
    is_printed: bool,
}

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        let name = self.names.get(field.index());
        self.text
            .extend_from_slice(name.map_or(&[][..], Vec::as_slice));
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.text.push(b'"');
        text::escape(value, self.text);
        self.text.push(b'"');
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        text::number(value, self.text);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        if value < 0 {
            self.text.push(b'-');
        }
        text::number(value.unsigned_abs(), self.text);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        match serde_json::to_string(&value) {
            Ok(number) => self.text.extend_from_slice(number.as_bytes()),
            Err(_error) => self.is_printed = false,
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.text.extend_from_slice(word);
    }

    /// Whatever has no way of its own.
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.text.push(b'"');
        self.is_printed &= write!(text::Escaped(self.text), "{value:?}").is_ok();
        self.text.push(b'"');
    }
}

#[cfg(test)]
mod tests;
