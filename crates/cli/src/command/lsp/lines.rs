//! Places as editors count them: lines from 0, and in a line UTF-16 units.

use std::ops::Range;

use lsp_types::{Position, Range as Span};
use signalbox_policy::Tokens;

/// A text by its lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Where each begins.
    starts: Vec<usize>,
    tokens: Tokens,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: [0].into_iter().chain(breaks).collect(),
            tokens: Tokens::of(text),
        }
    }

    /// The word that begins at a line and a column, which count from 1 and in characters. Where none
    /// does, up to the end of the line.
    pub(super) fn word(&self, line: u32, column: u32) -> Span {
        match self.tokens.at(line, column) {
            Some(bytes) => self.span(&bytes),
            None => {
                let line = line.saturating_sub(1);
                let written = self.line(line).trim_end();
                let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
                let before: String = written.chars().take(column).collect();
                let start = Position::new(line, units(&before));
                Span::new(
                    start,
                    Position::new(line, units(written).max(start.character)),
                )
            }
        }
    }

    /// The whole text.
    pub(super) fn all(&self) -> Span {
        self.span(&(0..self.text.len()))
    }

    fn span(&self, bytes: &Range<usize>) -> Span {
        Span::new(self.position(bytes.start), self.position(bytes.end))
    }

    fn position(&self, byte: usize) -> Position {
        let line = self
            .starts
            .partition_point(|start| *start <= byte)
            .saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..byte).unwrap_or_default();
        Position::new(u32::try_from(line).unwrap_or(u32::MAX), units(before))
    }

    fn line(&self, number: u32) -> &'t str {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let start = self.starts.get(number).copied();
        let rest = start.and_then(|start| self.text.get(start..));
        rest.and_then(|rest| rest.lines().next())
            .unwrap_or_default()
    }
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: (u32, u32), to: (u32, u32)) -> Span {
        Span::new(Position::new(from.0, from.1), Position::new(to.0, to.1))
    }

    #[test]
    fn a_place_is_counted_in_utf_16() {
        let text = "a: 1\n𝒳é: \"𝒳\"\r\n𝒳: [\n";
        let lines = Lines::of(text);
        assert_eq!(lines.word(2, 1), span((1, 0), (1, 3)));
        assert_eq!(lines.word(2, 5), span((1, 5), (1, 9)));
        // No word begins there.
        assert_eq!(lines.word(3, 2), span((2, 2), (2, 5)));
        assert_eq!(lines.word(9, 9), span((8, 0), (8, 0)));
        assert_eq!(lines.all(), span((0, 0), (3, 0)));
    }
}
