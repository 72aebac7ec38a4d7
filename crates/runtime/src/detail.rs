//! What an engine or a parser said, for people.

use std::fmt;

/// What the wasm engine or parser said of a failure, for the log.
///
/// The text is not stable, so any two are equal: errors compare by what happened.
#[derive(Clone, Debug)]
pub struct Detail(Box<str>);

impl Detail {
    /// The whole chain of causes on one line, cut where it no longer helps.
    pub(crate) fn of_chain(error: &wasmtime::Error) -> Self {
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        Self::new(&causes.join(": "))
    }

    pub(crate) fn new(text: &str) -> Self {
        let line: Vec<_> = text.split_whitespace().collect();
        Self(excerpt(&line.join(" "), LONGEST).into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// To compare with: any two are equal.
impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for Detail {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Detail {}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of a guest's text: what it says goes into our errors and logs, whatever its size.
pub(crate) fn excerpt(text: &str, longest: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(longest)
        .collect()
}

/// Eight frames of a backtrace fit.
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_one_short_line() {
        let detail = Detail::new("error while\n    executing\tat wasm backtrace");
        assert_eq!(detail.as_str(), "error while executing at wasm backtrace");
        assert_eq!(Detail::new(&"x".repeat(5000)).as_str().len(), LONGEST);
    }

    #[test]
    fn excerpt_keeps_whole_characters_and_no_control_characters() {
        assert_eq!(excerpt("gr\u{fc}\u{1b}n", 3), "gr\u{fc}");
    }
}
