//! The line of a request that has ended, written from its struct.
//!
//! It is the one line that every request has; through tracing, field by field, it took thrice as long.
//! Its bytes are those of the event. The host has no spans that they could speak of.

use std::{fmt, fmt::Write as _, io::Write as _, time::SystemTime};

use signalbox_host::{AccessFields, AccessLine};

use super::{LINE, Line, text};
use crate::logging::lines::Lines;

/// Writes such lines to `lines`.
pub(in crate::logging) fn writer(
    lines: Lines,
    clock: fn() -> SystemTime,
) -> impl Fn(&AccessLine<'_>) + Send + Sync {
    move |access| {
        let is_written = LINE.with(|line| {
            let mut line = line.try_borrow_mut().ok()?;
            // What does not fit is counted there.
            let _ = (&lines).write_all(line.access(clock(), access)?);
            Some(())
        });
        if is_written.is_none() {
            access.event();
        }
    }
}

impl Line {
    /// The whole line; `None` if its time cannot be written here.
    fn access(&mut self, time: SystemTime, access: &AccessLine<'_>) -> Option<&[u8]> {
        self.begin(time, "INFO")?;
        access.fields(&mut Fields(&mut self.text));
        Some(self.end("signalbox::access"))
    }
}

struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    #[inline]
    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(name.as_bytes());
    }
}

impl AccessFields for Fields<'_> {
    #[inline]
    fn text(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.0.push(b'"');
        text::escape(value, self.0);
        self.0.push(b'"');
    }

    fn shown(&mut self, name: &'static str, value: &dyn fmt::Display) {
        self.name(name);
        self.0.push(b'"');
        // Writing into memory cannot fail.
        let _ = write!(text::Escaped(self.0), "{value}");
        self.0.push(b'"');
    }

    #[inline]
    fn number(&mut self, name: &'static str, value: u64) {
        self.name(name);
        text::number(value, self.0);
    }

    #[inline]
    fn flag(&mut self, name: &'static str, value: bool) {
        self.name(name);
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.0.extend_from_slice(word);
    }

    #[inline]
    fn shared(&mut self, line: &AccessLine<'_>) {
        let write = |text: &mut Vec<u8>| line.shared_fields(&mut Fields(text));
        let kept = line
            .shared
            .and_then(|kept| kept.get_or_write(line.method, write));
        match kept {
            Some(kept) => self.0.extend_from_slice(kept),
            None => line.shared_fields(self),
        }
    }
}
