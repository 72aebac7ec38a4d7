//! The open answer of a connection of HTTP/1, within reach of the connection's clock.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use signalbox_gate::{AbortReason, Gate};
use tokio::time::Instant;

use crate::request::response_body::ResponseBody;

/// The open answer of a connection, of which there is one at a time.
///
/// hyper asks a body for nothing while its client takes nothing; what has to end then is ended from
/// here.
#[derive(Debug, Default)]
pub(super) struct AnswerSlot(RefCell<Option<ResponseBody>>);

/// What hyper has of the answer. Dropping it ends the answer.
#[derive(Debug)]
pub(super) struct SlotBody(Rc<AnswerSlot>);

impl AnswerSlot {
    pub(super) fn put(self: &Rc<Self>, body: ResponseBody) -> SlotBody {
        self.0.replace(Some(body));
        SlotBody(Rc::clone(self))
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

impl Drop for SlotBody {
    fn drop(&mut self) {
        self.0.0.take();
    }
}

impl Body for SlotBody {
    type Data = Bytes;
    type Error = AbortReason;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbortReason>>> {
        match self.0.0.borrow_mut().as_mut() {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(Some(Err(AbortReason::ClientStalled))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.0.borrow().as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let slot = self.0.0.borrow();
        slot.as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}
