//! A client's body, in the pieces it comes in.

use std::collections::VecDeque;

use bytes::Bytes;
use signalbox_gate::{BodyFailure, Part, SpoolFailure, UpstreamBody};

/// A client's body on its way.
pub(super) struct Body {
    pub(super) coming: VecDeque<Bytes>,
    pub(super) knows_end: bool,
    pub(super) failure: Option<BodyFailure>,
    pub(super) disk: Option<SpoolFailure>,
    pub(super) spool: Vec<u8>,
}

pub(super) enum Next {
    /// A piece, and whether it is known to be the last.
    Piece(Bytes, bool),
    Failed(BodyFailure),
    End,
}

impl Body {
    pub(super) fn next(&mut self) -> Next {
        match (self.coming.pop_front(), self.failure) {
            (Some(piece), failure) => {
                let is_last = self.knows_end && self.coming.is_empty() && failure.is_none();
                Next::Piece(piece, is_last)
            }
            (None, Some(failure)) => Next::Failed(failure),
            (None, None) => Next::End,
        }
    }

    /// What GT gets of it; `None` if it is broken off.
    pub(super) fn uploaded(&mut self, upload: UpstreamBody) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for part in &upload.parts {
            match part {
                Part::Bytes(bytes) => all.extend_from_slice(bytes),
                Part::Spooled(_) => all.extend_from_slice(&self.spool),
            }
        }
        let Some(mut rest) = upload.rest else {
            return Some(all);
        };
        loop {
            match self.next() {
                Next::Piece(piece, is_last) => {
                    all.extend_from_slice(&rest.push(piece, is_last).ok()?);
                    if is_last {
                        return Some(all);
                    }
                }
                Next::Failed(_) => return None,
                Next::End => {
                    all.extend_from_slice(&rest.finish().ok()?);
                    return Some(all);
                }
            }
        }
    }
}
