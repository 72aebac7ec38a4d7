//! What of the client's body goes to GT.

use bytes::Bytes;
use pingora::proxy::Session;
use signalbox_gate::{BodyFailure, BodyRoom, RestOfBody, UpstreamBody};
use tokio::time::Instant;

use crate::client_body::ClientBody;

/// The body of a request for GT: what was read, and what of the rest goes on.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    held: Bytes,
    /// What the held bytes take of the budgets.
    _room: BodyRoom,
    /// `None` if nothing may follow them.
    rest: Option<RestOfBody>,
    /// The held bytes are not sent yet.
    is_held: bool,
    /// What Pingora brings first was read before, and is among the held bytes.
    is_repeated: bool,
    /// When all of the client's body has to be here.
    end: Option<Instant>,
}

impl Upload {
    pub(crate) fn new(body: UpstreamBody, session: &Session, client: &ClientBody) -> Self {
        let held: Vec<&[u8]> = body.parts.iter().map(|part| part.in_memory()).collect();
        Self {
            held: Bytes::from(held.concat()),
            _room: body.room,
            rest: body.rest,
            is_held: true,
            is_repeated: session.get_retry_buffer().is_some(),
            end: Some(client.end()),
        }
    }

    /// How long it is; `None` if nobody knows yet.
    pub(crate) fn length(&self, left: Option<u64>) -> Option<u64> {
        let held = self.held.len() as u64;
        match &self.rest {
            None => Some(held),
            Some(rest) => Some(held + rest.kept_back() as u64 + left?),
        }
    }

    /// Whether there is nothing to send.
    pub(crate) const fn is_empty(&self) -> bool {
        self.held.is_empty() && self.rest.is_none()
    }

    /// Whether the same can be sent once more.
    pub(crate) const fn can_be_repeated(&self) -> bool {
        self.rest.is_none()
    }

    /// Whether Pingora will ask for it: not for a body that was read to its end and is in no buffer.
    pub(crate) fn is_asked_for(&self, session: &mut Session) -> bool {
        self.is_empty()
            || !session.is_body_done()
            || session.is_body_empty()
            || session.get_retry_buffer().is_some()
    }

    /// Begins at the first byte.
    pub(crate) fn begin(&mut self, session: &Session) {
        self.is_held = true;
        self.is_repeated = session.get_retry_buffer().is_some();
    }

    /// What goes on of the next piece; `is_last` if nothing comes after it.
    pub(crate) fn pass(
        &mut self,
        piece: Option<Bytes>,
        is_last: bool,
    ) -> Result<Bytes, BodyFailure> {
        let is_known = std::mem::take(&mut self.is_repeated);
        let piece = piece.filter(|_| !is_known);
        if !is_last && self.end.is_some_and(|end| Instant::now() > end) {
            return Err(BodyFailure::TooSlow);
        }
        let passes = match (&mut self.rest, piece) {
            (None, _) => Bytes::new(),
            (Some(rest), Some(piece)) => rest.push(piece, is_last)?,
            (Some(rest), None) if is_last => rest.finish()?,
            (Some(_), None) => Bytes::new(),
        };
        if !std::mem::take(&mut self.is_held) {
            return Ok(passes);
        }
        Ok(match passes.is_empty() {
            true => self.held.clone(),
            false => [&self.held[..], &passes].concat().into(),
        })
    }
}
