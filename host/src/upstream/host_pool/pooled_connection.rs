//! A request's way on a connection, its own or shared.

use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use signalbox_http::http1::BodyDecoder;

use super::HostPool;
use crate::upstream::body::RequestBody;
use crate::upstream::error::ExchangeError;
use crate::upstream::http1::Http1;
use crate::upstream::http2::Stream;

/// A request's way on a connection, until it is dropped: that closes a connection of its own, and
/// ends the stream on one that is shared.
#[derive(Debug)]
pub(in crate::upstream) struct PooledConnection {
    /// Before `load`, whose end says that it is free.
    protocol: Protocol,
    load: Load,
    /// It was there before the request.
    pub(in crate::upstream) is_kept: bool,
}

#[derive(Debug)]
pub(super) enum Protocol {
    Own(Http1),
    Shared(Stream),
}

/// What the body of an answer is read from.
#[derive(Debug)]
pub(in crate::upstream) enum WireBody {
    Http1(BodyDecoder),
    Http2(Incoming),
}

/// A request under way, until it is dropped.
#[derive(Debug)]
struct Load(Rc<HostPool>);

impl PooledConnection {
    pub(super) fn new(lane: &Rc<HostPool>, protocol: Protocol, is_kept: bool) -> Self {
        lane.load.set(lane.load.get() + 1);
        Self {
            protocol,
            load: Load(Rc::clone(lane)),
            is_kept,
        }
    }

    /// The head of the answer; or why there is none, and whether the request is as it was, because GT
    /// did not begin with it.
    pub(in crate::upstream) async fn send(
        &mut self,
        request: &mut Request<RequestBody>,
    ) -> Result<Response<WireBody>, (ExchangeError, bool)> {
        match &mut self.protocol {
            Protocol::Own(connection) => match connection.send(request).await {
                Ok(answer) => Ok(answer.map(WireBody::Http1)),
                Err((error, is_unsent)) => Err((error.into(), is_unsent)),
            },
            Protocol::Shared(stream) => match stream.send(&self.load.0.host, request).await {
                Ok(answer) => Ok(answer.map(WireBody::Http2)),
                Err((error, is_unsent)) => Err((error.into(), is_unsent)),
            },
        }
    }

    /// The next piece of an answer over HTTP/1.1; `None` at its end.
    pub(in crate::upstream) fn poll_piece(
        &mut self,
        body: &mut BodyDecoder,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ExchangeError>>> {
        let Protocol::Own(connection) = &mut self.protocol else {
            return Poll::Ready(None);
        };
        let piece = connection.poll_piece(body, context);
        piece.map(|piece| piece.map(|piece| piece.map_err(ExchangeError::from)))
    }

    /// The answer was read to its end: the connection is free for the next request.
    pub(in crate::upstream) fn give_back(self) {
        let Self { protocol, load, .. } = self;
        let lane = &load.0;
        match protocol {
            Protocol::Own(connection) => lane.keep(connection),
            Protocol::Shared(stream) => drop(stream),
        }
    }

    pub(in crate::upstream) fn lane(&self) -> &Rc<HostPool> {
        &self.load.0
    }
}

impl Protocol {
    /// Whether nothing is on it that we know of, without a look.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Self::Own(connection) => !connection.is_sending(),
            Self::Shared(stream) => !stream.is_closed(),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Own(connection) => connection.is_ready(),
            Self::Shared(stream) => !stream.is_closed(),
        }
    }

    /// Whether a look into the system shows that it is as we know it.
    pub(super) fn is_silent(&self) -> bool {
        match self {
            Self::Own(connection) => connection.is_silent(),
            Self::Shared(_) => false,
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.load.set(self.0.load.get() - 1);
        self.0.places.ring();
    }
}
