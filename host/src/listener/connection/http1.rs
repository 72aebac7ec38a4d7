//! A connection that speaks HTTP/1: one request after the other, each answered before the next is read.
//!
//! All of it is one task. The request's body is read by whoever wants it, out of the same buffer
//! (`client_io/http1_body.rs`); while the answer is made, and while it waits for GT, the connection
//! notices that its client has gone.

mod answer;
mod malformed_request;
mod request;
mod sending;

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use signalbox_gate::AbortReason;
use signalbox_http::http1::{BodyDecoder, HeadError, HeadScan};
use signalbox_http::refusal::Refusal;
use signalbox_swap::error_chain;
use tokio::time::timeout;

use super::answer_slot::AnswerSlot;
use super::{Bounds, ConnectionContext, PREFACE, TimeOver, answer as decide};
use crate::alarm::Alarm;
use crate::listener::client_io::{Http1Body, Linger, PeekableSocket, SharedTransport, Transport};
use crate::request::incoming_body::IncomingBody;
use crate::request::response_body::ResponseBody;
use answer::Asked;
use request::Head;

/// Serves it to its end.
pub(super) async fn serve(bounds: &mut Bounds, site: Rc<ConnectionContext>, tap: PeekableSocket) {
    let worker = Rc::clone(&site.worker);
    let largest_head = worker.shared.config.limits.head.in_memory();
    let connection = Connection {
        site,
        transport: Transport::new(tap, largest_head.max(MIN_BUFFER) * 2),
        slot: AnswerSlot::default(),
        alarm: Alarm::default(),
        is_leaving: Cell::new(false),
        has_one_request: bounds.came_late(),
        largest_head,
        is_ending: Cell::new(false),
    };
    if bounds.came_late() {
        bounds.ends_by_itself();
    }
    let ended = bounds
        .keep(
            pin!(connection.serve()),
            |_| connection.is_leaving.set(true),
            |now| connection.slot.ends(&worker.shared.gate, now),
        )
        .await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!(error = error_chain(&error), "client connection ended");
        }
        Err(TimeOver::Stalled) => {
            connection.slot.stalled();
            tracing::debug!("client connection closed: it takes nothing");
        }
        Err(TimeOver::Idle) => {
            tracing::debug!("client connection closed: no request for too long");
            // Whoever does not take the refusal does without.
            let _ = timeout(FAREWELL, connection.refuse_slow_head()).await;
        }
    }
}

/// A connection and its requests.
struct Connection {
    site: Rc<ConnectionContext>,
    transport: SharedTransport,
    /// The answer under way.
    slot: AnswerSlot,
    /// For what its requests wait for, one after the other.
    alarm: Alarm,
    /// It is told to end.
    is_leaving: Cell<bool>,
    /// It waited in the backlog while nothing new was taken any more: it gets its one answer.
    has_one_request: bool,
    largest_head: usize,
    /// The last answer was given.
    is_ending: Cell<bool>,
}

/// Why a connection ends before it is over.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error("the client is gone")]
    Gone,
    #[error("what comes is no request")]
    NoHead(#[from] HeadError),
    #[error("the connection is lost")]
    Lost(#[from] io::Error),
    #[error("the answer broke off: {}", .0.cause())]
    Aborted(AbortReason),
    #[error("the answer is shorter than it says")]
    Answer,
}

impl Connection {
    async fn serve(&self) -> Result<(), ConnectionError> {
        loop {
            let head = match poll_fn(self.heads()).await {
                Ok(Some(head)) => head,
                Ok(None) => return self.close(None).await,
                Err(ConnectionError::NoHead(error)) => {
                    return self.refuse(malformed_request::no_head(error)).await;
                }
                Err(error) => return Err(error),
            };
            let request = head.request;
            let asked = Asked::by(request.method(), request.version(), head.framing);
            let answer = self.decided(request).await?;
            if !self.send(answer, asked).await? {
                return self.close_politely().await;
            }
        }
    }

    /// Reads the next head; `None` if none comes. What begins as HTTP/2 where that is not spoken is not
    /// answered.
    fn heads(&self) -> impl FnMut(&mut Context<'_>) -> Poll<Result<Option<Head>, ConnectionError>> {
        let mut scan = HeadScan::new(self.largest_head);
        move |context| {
            let mut transport = self.transport.borrow_mut();
            loop {
                let here = transport.here();
                if scan.is_worth_reading(here) {
                    match request::read(here, self.largest_head) {
                        Ok(None) => {}
                        Ok(Some(head)) => {
                            drop(transport.take(head.length));
                            let decoder = BodyDecoder::new(head.framing.body);
                            transport.begin_body(decoder, !head.framing.expects_continue);
                            return Poll::Ready(Ok(Some(head)));
                        }
                        Err(HeadError::Version) if here.starts_with(PREFACE) => {
                            return Poll::Ready(Ok(None));
                        }
                        Err(error) => return Poll::Ready(Err(error.into())),
                    }
                }
                let is_blank = here.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
                if self.is_leaving.get() && is_blank {
                    return Poll::Ready(Ok(None));
                }
                if !is_blank {
                    // It may have come with the request before it.
                    self.site.link.heard();
                }
                if !ready!(transport.poll_more(context))? {
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// The answer to a request whose body comes next.
    async fn decided(
        &self,
        request: Request<()>,
    ) -> Result<Response<ResponseBody>, ConnectionError> {
        let body = IncomingBody::Http1(Http1Body::new(&self.transport));
        let request = request.map(|()| body);
        // A connection that waits for a request, or is sent an answer, has no room for this.
        let mut deciding = Box::pin(decide(Rc::clone(&self.site), request, &self.alarm));
        poll_fn(|context| {
            if let Poll::Ready(answer) = deciding.as_mut().poll(context) {
                return Poll::Ready(Ok(answer));
            }
            let mut transport = self.transport.borrow_mut();
            // A client may wait for a word before it sends the body.
            if let Poll::Ready(Err(error)) = transport.poll_write(context) {
                return Poll::Ready(Err(error.into()));
            }
            let gone = transport.poll_gone(context);
            gone.map(|()| Err(ConnectionError::Gone))
        })
        .await
    }

    /// Answers what is no request, and ends the connection.
    async fn refuse(&self, refusal: Refusal) -> Result<(), ConnectionError> {
        {
            let mut transport = self.transport.borrow_mut();
            let (shared, peer) = (&self.site.worker.shared, self.site.peer);
            malformed_request::write(shared, peer, refusal, transport.output.buffer());
        }
        self.close(Some(Linger::new())).await
    }

    /// Answers a head that does not end, if that can still be read as an answer.
    async fn refuse_slow_head(&self) {
        let can_be_read = {
            let transport = self.transport.borrow();
            transport.output.is_empty() && transport.is_at_a_head() && !self.is_ending.get()
        };
        if can_be_read && self.site.link.has_half_a_head() {
            let _ = self.refuse(malformed_request::slow_head()).await;
        }
    }

    /// Ends the connection after its last answer: once whoever reads a body that the answer did not
    /// wait for is through with it. Of a body that nobody reads on, some is: a socket closed over it
    /// would take the answer with it.
    async fn close_politely(&self) -> Result<(), ConnectionError> {
        poll_fn(|context| self.transport.borrow_mut().poll_body_end(context)).await;
        let is_unread = {
            let transport = self.transport.borrow();
            !transport.here().is_empty() || !transport.is_at_a_head()
        };
        self.close(is_unread.then(Linger::new)).await
    }

    async fn close(&self, mut linger: Option<Linger>) -> Result<(), ConnectionError> {
        self.is_ending.set(true);
        let closed = poll_fn(|context| {
            let mut transport = self.transport.borrow_mut();
            transport.poll_close(&mut linger, context)
        });
        Ok(closed.await?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.transport.borrow_mut().end();
    }
}

/// For a client to take a refusal that ends its connection.
const FAREWELL: Duration = Duration::from_secs(5);
/// Bodies are read in pieces of up to this size.
const MIN_BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests;
