//! The texts of one record, one after the other in one place.

/// All of them. What is written over it finds its memory.
#[derive(Debug, Default)]
pub(super) struct Texts(String);

/// Where one of them is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: usize,
    end: usize,
}

/// Names, each with its value.
pub(super) type Pairs = Vec<(Span, Span)>;

impl Texts {
    /// Forgets all, and keeps what memory the next record is likely to need: a client that sends long
    /// paths does not fill the ring with memory.
    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.0.shrink_to(MOST_KEPT);
        self.0.reserve(USUAL);
    }

    /// Adds what is written.
    pub(super) fn add(&mut self, write: impl FnOnce(&mut String)) -> Span {
        let start = self.0.len();
        write(&mut self.0);
        let end = self.0.len();
        Span { start, end }
    }

    pub(super) fn copy(&mut self, text: &str) -> Span {
        self.add(|into| into.push_str(text))
    }

    pub(super) fn get(&self, span: Span) -> &str {
        self.0.get(span.start..span.end).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) const fn room(&self) -> usize {
        self.0.capacity()
    }
}

/// What the texts of most records take.
const USUAL: usize = 256;
const MOST_KEPT: usize = 1 << 10;
