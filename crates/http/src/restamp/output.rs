//! What goes out for a chunk: the chunk itself, until something of it is replaced or held back.

/// Gathers what goes out for one chunk, and copies nothing while that is the chunk as it came.
///
/// Places in the chunk are told by how many bytes are behind them.
#[derive(Debug)]
pub(super) struct Output<'a> {
    chunk: &'a [u8],
    /// How much of the chunk is dealt with: it is in `out`, or left out.
    done: usize,
    is_as_it_came: bool,
    out: &'a mut Vec<u8>,
}

impl<'a> Output<'a> {
    /// For a chunk whose changed form is appended to `out`.
    pub(super) const fn new(chunk: &'a [u8], out: &'a mut Vec<u8>) -> Self {
        Self {
            chunk,
            done: 0,
            is_as_it_came: true,
            out,
        }
    }

    /// What comes before this place goes out as it came.
    pub(super) fn pass(&mut self, behind: usize) {
        let place = self.chunk.len() - behind;
        let passing = self.chunk.get(self.done..place).unwrap_or_default();
        self.add(passing);
        self.done = place;
    }

    /// What comes before this place, and was not passed, does not go out.
    pub(super) fn leave_out(&mut self, behind: usize) {
        self.touch(self.chunk.len());
        self.done = self.chunk.len() - behind;
    }

    /// These bytes go out, before what is not dealt with yet.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.touch(self.chunk.len() + bytes.len());
        self.out.extend_from_slice(bytes);
    }

    /// What is between two places goes out as these bytes.
    pub(super) fn replace(&mut self, from: usize, to: usize, bytes: &[u8]) {
        // Of one replacement, which is what most chunks have, the room is exact: then what goes out
        // is taken over as it is.
        let others = self.chunk.len().saturating_sub(from.saturating_sub(to));
        self.touch(others + bytes.len());
        self.pass(from);
        self.out.extend_from_slice(bytes);
        self.done = self.chunk.len() - to;
    }

    /// Passes the rest. Whether the chunk goes out as it came; nothing was appended then.
    pub(super) fn finish(mut self) -> bool {
        if !self.is_as_it_came {
            self.pass(0);
        }
        self.is_as_it_came
    }

    /// From here on it is another text than the chunk, of about this length.
    #[inline]
    fn touch(&mut self, length: usize) {
        if self.is_as_it_came {
            self.is_as_it_came = false;
            self.out.reserve_exact(length);
        }
    }
}
