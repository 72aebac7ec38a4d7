//! What is wrong with a file, or probably not meant, whatever kind of file it is.

use std::fmt;

use signalbox_policy::{Diagnostic, Severity};

/// One thing that is wrong with a file, or probably not meant. It is printed without the file's own name.
pub(crate) trait Finding: fmt::Display {
    fn severity(&self) -> Severity;
    /// A stable word for programs; `docs/errors.md` has a section for each.
    fn code(&self) -> &'static str;
    /// The file it is in, if that is not the one that is looked at.
    fn file(&self) -> Option<&str>;
    /// Line and column, from 1.
    fn place(&self) -> (u32, u32);
    fn message(&self) -> &str;
    fn help(&self) -> Option<&str>;
    /// What was probably meant.
    fn suggestion(&self) -> Option<&str>;
}

impl Finding for Diagnostic {
    fn severity(&self) -> Severity {
        self.severity
    }

    fn code(&self) -> &'static str {
        self.code
    }

    fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    fn place(&self) -> (u32, u32) {
        (self.line, self.column)
    }

    fn message(&self) -> &str {
        &self.message
    }

    fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}
