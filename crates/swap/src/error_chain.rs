//! An error and why it came about, for people.

use std::error::Error;

/// An error and all its causes, on one line: `error: cause: cause`. A log field or a message made of
/// an error alone would say that something failed, and not why.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
