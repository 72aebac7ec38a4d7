//! GT's answer as it comes, in either version of HTTP.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderValue;
use http_body::{Body, Frame, SizeHint};

use super::error::ExchangeError;
use super::host_pool::{HostPool, PooledConnection, WireBody};

/// The body of an answer. Where it ends, its connection is free for the next request.
///
/// Dropping it before is how GT hears that nobody listens any more: over HTTP/1.1 the connection
/// closes, over HTTP/2 its stream is reset.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    /// Before the connection: over HTTP/2 that is free when nothing is read from it any more.
    body: WireBody,
    /// `None` once the answer was read to its end.
    way: Option<PooledConnection>,
    lane: Rc<HostPool>,
}

impl AnswerBody {
    pub(super) fn new(body: WireBody, way: PooledConnection) -> Self {
        let lane = Rc::clone(way.lane());
        let way = Some(way);
        let mut answer = Self { body, way, lane };
        answer.give_back_at_end();
        answer
    }

    /// The host that answers, as `host` has it.
    pub(crate) fn host(&self) -> &HeaderValue {
        &self.lane.host.authority
    }

    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ExchangeError>>> {
        let Some(way) = &mut self.way else {
            return Poll::Ready(None);
        };
        match &mut self.body {
            WireBody::Http1(body) => way.poll_piece(body, context),
            WireBody::Http2(incoming) => loop {
                match ready!(Pin::new(&mut *incoming).poll_frame(context)) {
                    // hyper takes a stream that is reset with `CANCEL` or `NO_ERROR` for one that
                    // ended.
                    None if incoming.is_end_stream() => return Poll::Ready(None),
                    None => return Poll::Ready(Some(Err(ExchangeError::CutShort))),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    Some(Ok(frame)) => {
                        // Trailers speak of the bytes GT sent, and no client of these routes reads
                        // any.
                        if let Ok(piece) = frame.into_data() {
                            return Poll::Ready(Some(Ok(piece)));
                        }
                    }
                }
            },
        }
    }

    fn give_back_at_end(&mut self) {
        let is_at_end = match &self.body {
            WireBody::Http1(body) => body.is_done(),
            WireBody::Http2(incoming) => incoming.is_end_stream(),
        };
        if is_at_end && let Some(way) = self.way.take() {
            way.give_back();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let answer = self.get_mut();
        let piece = ready!(answer.poll_piece(context));
        match &piece {
            // GT hears of it: nothing more can be read.
            Some(Err(_broken)) => answer.way = None,
            Some(Ok(_)) | None => answer.give_back_at_end(),
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.way.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            WireBody::Http1(body) => body
                .remaining()
                .map_or_else(SizeHint::default, SizeHint::with_exact),
            WireBody::Http2(incoming) => incoming.size_hint(),
        }
    }
}
