//! Bytes in the order they came, as few pieces as that can be.

use bytes::Bytes;

/// Bytes in the order they came. One piece stays as it is, which is what most bodies are; several are
/// copied into one as they come. A client that sends its body byte by byte so costs no more than its
/// bytes, and no body is in memory twice.
#[derive(Debug, Default)]
pub struct ChunkBuffer {
    one: Bytes,
    /// Begins with `one` as soon as there is a second.
    many: Vec<u8>,
}

impl ChunkBuffer {
    /// Adds a piece; `expected` is how long all of them are together, where that is known.
    pub fn add(&mut self, piece: Bytes, expected: Option<u64>) {
        if self.many.is_empty() {
            if self.one.is_empty() {
                self.one = piece;
                return;
            }
            let both = self.one.len() + piece.len();
            let expected = expected.and_then(|length| usize::try_from(length).ok());
            self.many.reserve(expected.unwrap_or(2 * both).max(both));
            self.many.extend_from_slice(&std::mem::take(&mut self.one));
        }
        self.many.extend_from_slice(&piece);
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.one.len() + self.many.len()) as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them; they stay.
    pub fn bytes(&mut self) -> Bytes {
        if !self.many.is_empty() {
            self.one = std::mem::take(&mut self.many).into();
        }
        self.one.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_in_its_order() {
        let mut gathered = ChunkBuffer::default();
        assert_eq!((gathered.len(), gathered.bytes()), (0, Bytes::new()));
        for (piece, all) in [("ab", "ab"), ("c", "abc"), ("", "abc"), ("de", "abcde")] {
            gathered.add(Bytes::from_static(piece.as_bytes()), Some(5));
            assert_eq!(gathered.len(), all.len() as u64);
            assert_eq!(gathered.bytes(), all);
        }
    }

    #[test]
    fn one_piece_is_not_copied() {
        let mut gathered = ChunkBuffer::default();
        let piece = Bytes::from_static(b"piece");
        gathered.add(piece.clone(), None);
        assert_eq!(gathered.bytes().as_ptr(), piece.as_ptr());
    }
}
