//! What is sent to GT: nothing, bytes that are held already, or a client's body as it comes.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use signalbox_gate::{BodyFailure, RestOfBody};

use crate::held_parts::HeldParts;
use crate::incoming_body::IncomingBody;
use crate::oneshot::{Receiver, Sender, channel};

/// The body of a request for GT. Where it ends with an error, the request to GT is to be broken off: a
/// part of it is not the whole, or GT's response is over and nobody wants the rest.
#[derive(Debug)]
pub struct RequestBody<B>(Kind<B>);

#[derive(Debug)]
enum Kind<B> {
    Empty,
    Held(HeldParts),
    Streamed(Box<Streamed<B>>),
}

/// A client's body on its way through: never more of it here than what was held before anybody knew
/// where it goes, and one piece.
#[derive(Debug)]
struct Streamed<B> {
    held: HeldParts,
    /// `None` once nothing more is taken of it.
    incoming: Option<IncomingBody<B>>,
    rest: RestOfBody,
    failure: Arc<OnceLock<BodyFailure>>,
    /// Ready once its [`Upload`] is dropped.
    unwanted: Receiver<()>,
}

/// A client's body on its way to GT, for whoever waits for GT or passes its response on. Once this is
/// dropped, nobody wants what the client has not sent yet: the body ends with an error, so that the
/// inner service breaks the request off.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    failure: Option<Arc<OnceLock<BodyFailure>>>,
    _wanted: Option<Sender<()>>,
}

impl Upload {
    /// Why the body did not go on whole.
    pub(crate) fn failure(&self) -> Option<BodyFailure> {
        self.failure.as_ref()?.get().copied()
    }
}

impl<B> RequestBody<B> {
    pub(crate) const fn empty() -> Self {
        Self(Kind::Empty)
    }

    pub(crate) const fn held(held: HeldParts) -> Self {
        Self(Kind::Held(held))
    }

    /// A body as it comes, after what of it has come: only what `rest` lets through goes on.
    pub(crate) fn streamed(
        held: HeldParts,
        incoming: IncomingBody<B>,
        rest: RestOfBody,
    ) -> (Self, Upload) {
        let failure = Arc::<OnceLock<BodyFailure>>::default();
        let (wanted, unwanted) = channel();
        let streamed = Streamed {
            held,
            incoming: Some(incoming),
            rest,
            failure: Arc::clone(&failure),
            unwanted,
        };
        let upload = Upload {
            failure: Some(failure),
            _wanted: Some(wanted),
        };
        (Self(Kind::Streamed(Box::new(streamed))), upload)
    }

    /// Whether it still comes from the client.
    pub(crate) const fn is_streamed(&self) -> bool {
        matches!(self.0, Kind::Streamed(_))
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = BodyFailure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailure>>> {
        let next = match &mut self.get_mut().0 {
            Kind::Empty => None,
            Kind::Held(held) => ready!(held.poll_next(context)),
            Kind::Streamed(streamed) => ready!(streamed.poll_piece(context)),
        };
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Held(held) => held.left() == 0,
            Kind::Streamed(streamed) => streamed.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let length = match &self.0 {
            Kind::Empty => Some(0),
            Kind::Held(held) => Some(held.left()),
            Kind::Streamed(streamed) => streamed.length(),
        };
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl<B: Body> Streamed<B> {
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        self.break_off_if_unwanted(context);
        loop {
            if let Some(failure) = self.failure.get() {
                return Poll::Ready(Some(Err(*failure)));
            }
            let piece = match ready!(self.held.poll_next(context)) {
                Some(held) => held,
                None => match ready!(self.poll_incoming(context)) {
                    Some(passed) => passed,
                    None => return Poll::Ready(None),
                },
            };
            match piece {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => return Poll::Ready(Some(Ok(piece))),
                Err(failure) => {
                    self.incoming = None;
                    // It is looked at first the next time round.
                    let _ = self.failure.set(failure);
                }
            }
        }
    }

    /// Takes nothing more of the client where nobody wants it any more. What has all been taken ends as
    /// it is.
    fn break_off_if_unwanted(&mut self, context: &mut Context<'_>) {
        let is_unwanted = Pin::new(&mut self.unwanted).poll(context).is_ready();
        if is_unwanted && self.incoming.is_some() && !self.is_over() {
            self.incoming = None;
            let _ = self.failure.set(BodyFailure::Broken);
        }
    }

    /// What of the client's next piece may go on: nothing, sometimes.
    fn poll_incoming(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let passed = match ready!(incoming.poll_next(context)) {
            Some(Ok(piece)) => {
                let is_last = incoming.has_ended();
                let passed = self.rest.push(piece, is_last);
                if !is_last {
                    return Poll::Ready(Some(passed));
                }
                passed
            }
            Some(Err(failure)) => Err(failure),
            None => self.rest.finish(),
        };
        self.incoming = None;
        Poll::Ready(Some(passed))
    }

    fn is_over(&self) -> bool {
        let incoming = self.incoming.as_ref();
        self.held.left() == 0
            && self.failure.get().is_none()
            && !self.rest.is_scanned()
            && incoming.is_none_or(IncomingBody::has_ended)
    }

    fn length(&self) -> Option<u64> {
        if self.failure.get().is_some() {
            return None;
        }
        let here = self.held.left() + self.rest.kept_back() as u64;
        let coming = match &self.incoming {
            Some(incoming) => incoming.length()?,
            None => 0,
        };
        Some(here + coming)
    }
}
