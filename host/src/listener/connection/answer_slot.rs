//! The open answer of a connection of HTTP/1, within reach of the connection's clock.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use signalbox_gate::{AbortReason, Gate};
use tokio::time::Instant;

use crate::request::response_body::ResponseBody;

/// The open answer of a connection, of which there is one at a time.
///
/// Nobody asks it for more while its client takes nothing; what has to end then is ended from here.
#[derive(Debug, Default)]
pub(super) struct AnswerSlot(RefCell<Option<ResponseBody>>);

/// What an answer has next.
#[derive(Debug)]
pub(super) enum Next {
    /// Bytes, and whether they are its last.
    Piece(Bytes, bool),
    End,
}

impl AnswerSlot {
    pub(super) fn put(&self, body: ResponseBody) {
        self.0.replace(Some(body));
    }

    /// The answer's next bytes. It is given back with its last.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Result<Next, AbortReason>> {
        let mut slot = self.0.borrow_mut();
        let Some(body) = slot.as_mut() else {
            return Poll::Ready(Ok(Next::End));
        };
        let next = match Pin::new(&mut *body).poll_frame(context) {
            Poll::Ready(next) => next.transpose(),
            Poll::Pending => return Poll::Pending,
        };
        let next = next.map(|frame| match frame {
            // An answer has no trailers.
            Some(frame) => Next::Piece(
                Frame::into_data(frame).unwrap_or_default(),
                body.is_end_stream(),
            ),
            None => Next::End,
        });
        let ended = match &next {
            Ok(Next::Piece(_, false)) => None,
            _ => slot.take(),
        };
        drop(slot);
        drop(ended);
        Poll::Ready(next)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_none()
    }

    /// Nothing more of the answer is wanted.
    pub(super) fn clear(&self) {
        let ended = self.0.take();
        drop(ended);
    }

    /// Whether the answer was ended now, because its key or its policy has.
    pub(super) fn ends(&self, gate: &Gate, now: Instant) -> bool {
        let mut slot = self.0.borrow_mut();
        let Some(reason) = slot.as_mut().and_then(|body| body.cancelled(gate, now)) else {
            return false;
        };
        if let Some(mut body) = slot.take() {
            body.abort(reason);
        }
        true
    }

    /// Its client takes nothing of it.
    pub(super) fn stalled(&self) {
        if let Some(mut body) = self.0.take() {
            body.abort(AbortReason::ClientStalled);
        }
    }
}
