//! Buffers, which connections have only while there is a request on them.

use std::cell::RefCell;
use std::mem;

use bytes::BytesMut;

use super::answer_head::FieldSpan;

/// What a connection needs while there is a request on it.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// What came and was not taken yet.
    pub(super) read: BytesMut,
    /// What is written before the content.
    pub(super) lead: Vec<u8>,
    /// Where the fields of a head are.
    pub(super) fields: Vec<FieldSpan>,
}

/// Buffers of connections that have no request: the next request gets them, on whatever connection.
#[derive(Debug, Default)]
pub(in crate::upstream) struct SpareBuffers(RefCell<Vec<Buffers>>);

impl SpareBuffers {
    pub(super) fn take(&self) -> Buffers {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps buffers that are as small as they began.
    pub(super) fn give(&self, buffers: &mut Buffers) {
        let mut buffers = mem::take(buffers);
        let is_small = buffers.read.capacity() <= READ && buffers.lead.capacity() <= 2 * READ;
        let mut spares = self.0.borrow_mut();
        if is_small && spares.len() < MOST_SPARES {
            buffers.read.clear();
            buffers.lead.clear();
            spares.push(buffers);
        }
    }
}

/// What is read at a time, to begin with: the head of an answer and a small body.
pub(super) const READ: usize = 8 << 10;
/// As many as there are requests on one worker at a time when it is busy.
const MOST_SPARES: usize = 16;
