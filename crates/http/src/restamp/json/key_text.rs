//! A key that comes in pieces, as far as it takes to know whether it is one of ours.

/// The first bytes of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyText {
    bytes: [u8; ROOM],
    /// A byte, so that it takes no more room than that.
    length: u8,
}

impl KeyText {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; ROOM],
            length: 0,
        }
    }

    /// Takes the next decoded bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let room = self.bytes.iter_mut().skip(usize::from(self.length));
        for (place, &byte) in room.zip(bytes) {
            *place = byte;
            self.length += 1;
        }
    }

    /// The key, if it is a short one; of a longer one so much that it is none of ours.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

/// One more than the longest of ours has: `response`.
const ROOM: usize = 9;
