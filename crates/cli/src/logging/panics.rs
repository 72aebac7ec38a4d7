//! Panics, as lines of the log.
//!
//! A message that was put together may hold what was worked on: a slice of text out of its bounds
//! shows the text. So only messages that are fixed are logged, and always the place.

use std::{any::Any, panic, thread};

/// From now on a panic is a line of the log.
pub(super) fn log() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(tracing::field::display);
        let thread = thread::current();
        tracing::error!(
            target: "signalbox::panic",
            place,
            thread = thread.name(),
            what = fixed(panicked.payload()),
            "panicked"
        );
    }));
}

/// The message, if it is one of the program's own texts.
fn fixed(payload: &dyn Any) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("not shown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fixed_messages_are_shown() {
        assert_eq!(fixed(&"out of places"), "out of places");
        assert_eq!(fixed(&format!("`{}` is no number", "gtak_x")), "not shown");
        assert_eq!(fixed(&7), "not shown");
    }
}
