//! The body of a response: bytes of the gate's own, or GT's as they come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use signalbox_gate::{AbortReason, Completion};

use crate::decision::Witness;
use crate::relaying::Relaying;
use crate::request_body::Upload;

pin_project! {
    /// The body of a response, and what the exchange holds until it ends: its key's permits, and the
    /// inner service's body. Dropped, it gives everything back, GT's attention included.
    ///
    /// It ends with an error where the client would take a part for the whole: then the connection is to
    /// be cut, or the stream reset. Trailers are not passed on: nobody has looked at them.
    #[derive(Debug)]
    pub struct ResponseBody<R> {
        #[pin]
        kind: Kind<R>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<R> {
        Own {
            bytes: Option<Bytes>,
            completion: Completion<Witness>,
        },
        Relayed {
            // `None` once nothing more is wanted of it: GT hears of that.
            #[pin]
            incoming: Option<R>,
            relaying: Box<Relaying>,
            // `None` once the response is over: the rest of the request goes nowhere then.
            upload: Option<Upload>,
        },
    }
}

impl<R: Body> ResponseBody<R> {
    /// Bytes of the gate's own; `None` for a request that asked for the head only.
    pub(crate) const fn own(bytes: Option<Bytes>, completion: Completion<Witness>) -> Self {
        let kind = Kind::Own { bytes, completion };
        Self { kind }
    }

    /// GT's body, on its way to the client.
    pub(crate) fn relayed(incoming: R, mut relaying: Relaying, upload: Upload) -> Self {
        relaying.begins(incoming.is_end_stream());
        let kind = Kind::Relayed {
            incoming: (!relaying.is_over()).then_some(incoming),
            relaying: Box::new(relaying),
            upload: Some(upload),
        };
        Self { kind }
    }
}

impl<R: Body> Body for ResponseBody<R> {
    type Data = Bytes;
    type Error = AbortReason;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbortReason>>> {
        let next = match self.project().kind.project() {
            KindProjection::Own { bytes, .. } => bytes.take().map(Ok),
            KindProjection::Relayed {
                incoming,
                relaying,
                upload,
            } => {
                let next = ready!(poll_relayed(incoming, relaying, context));
                if relaying.is_over() {
                    *upload = None;
                }
                next
            }
        };
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Own { bytes, .. } => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Relayed { relaying, .. } => relaying.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own { bytes, .. } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Relayed { relaying, .. } if relaying.changes_bytes() => SizeHint::default(),
            Kind::Relayed { incoming, .. } => incoming
                .as_ref()
                .map_or_else(|| SizeHint::with_exact(0), R::size_hint),
        }
    }
}

/// The next bytes for the client; `None` at the end.
fn poll_relayed<R: Body>(
    mut incoming: Pin<&mut Option<R>>,
    relaying: &mut Relaying,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, AbortReason>>> {
    let next = loop {
        let Some(mut body) = incoming.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if let Some(broken) = relaying.take_broken() {
            break relaying.break_off(broken);
        }
        let frame = match body.as_mut().poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let reason = ready!(relaying.poll_quiet(context));
                break relaying.break_off(reason);
            }
        };
        if let Some(reason) = relaying.hears() {
            break relaying.break_off(reason);
        }
        match frame {
            None => break relaying.end().map(Ok),
            Some(Err(_broken)) => {
                // hyper writes when a body has nothing for a turn, and drops what it has not written
                // of one that fails: the head and the bytes before the failure.
                relaying.breaks();
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Ok(frame)) => {
                let Ok(mut data) = frame.into_data() else {
                    continue;
                };
                let chunk = data.copy_to_bytes(data.remaining());
                if let Some(passes) = relaying.pass(chunk, body.is_end_stream()) {
                    break Some(Ok(passes));
                }
                if relaying.is_over() {
                    break None;
                }
            }
        }
    };
    if relaying.is_over() {
        incoming.set(None);
    }
    Poll::Ready(next)
}
