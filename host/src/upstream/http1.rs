//! HTTP/1.1 to GT: a connection carries one request at a time, and whoever sends it drives it.
//!
//! The one thing that has a task of its own is the rest of a request body whose answer came early:
//! it goes on whether or not the client takes the answer, because a client may first want to send.

mod answer_head;
mod buffers;
mod connection;
mod error;
mod io;
mod outgoing;
mod request_head;

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use signalbox_http::http1::BodyDecoder;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::body::RequestBody;
use super::guards::Guards;
use connection::Connection;

pub(super) use buffers::SpareBuffers;
pub(crate) use error::Http1Error;
pub(super) use io::Io;

/// A connection. Dropping it closes it, whatever is on it.
#[derive(Debug)]
pub(super) struct Http1 {
    connection: Rc<RefCell<Connection>>,
    rest: Option<RestOfRequest>,
    pub(super) since: Instant,
}

/// The task that sends the rest of a request whose answer came early. It ends with the request, or
/// when this is dropped; the worker's `LocalSet` owns it.
#[derive(Debug)]
struct RestOfRequest(AbortHandle);

impl Http1 {
    /// Begins on a stream.
    pub(super) fn begin(stream: Box<dyn Io>, guards: Guards, spares: Rc<SpareBuffers>) -> Self {
        let connection = Connection::new(stream, guards, spares);
        Self {
            connection: Rc::new(RefCell::new(connection)),
            rest: None,
            since: Instant::now(),
        }
    }

    /// Whether it can take a request now: nothing is on it, and nothing came of it that we know of.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_sending() && self.is_quiet(&mut noop())
    }

    /// Whether something of a request is still to be written.
    pub(super) fn is_sending(&self) -> bool {
        self.connection.borrow().is_sending()
    }

    /// Whether nothing came of it since the last answer, neither bytes nor its end. If so, the task of
    /// `context` hears when that changes.
    pub(super) fn is_quiet(&self, context: &mut Context<'_>) -> bool {
        self.connection.borrow_mut().is_quiet(context)
    }

    /// Whether the system has nothing of it either that we were not told of yet.
    pub(super) fn is_silent(&self) -> bool {
        self.connection.borrow().is_silent()
    }

    /// Whether the answer was read to its end, and another request may follow.
    pub(super) fn is_reusable(&self) -> bool {
        self.connection.borrow().is_reusable()
    }

    /// Nothing is on it for now: what it needs only for a request is given back.
    pub(super) fn release_buffers(&self) {
        self.connection.borrow_mut().release_buffers();
    }

    /// The answer's head and what its body is in; or why there is none, and whether the request is as
    /// it was, because nothing of it was written.
    pub(super) async fn send(
        &mut self,
        request: &mut Request<RequestBody>,
    ) -> Result<Response<BodyDecoder>, (Http1Error, bool)> {
        let mut is_unsent = true;
        let answer = poll_fn(|context| {
            let mut connection = self.connection.borrow_mut();
            if is_unsent {
                if !connection.is_quiet(context) {
                    return Poll::Ready(Err(Http1Error::NotIdle));
                }
                connection.begin(request);
                is_unsent = false;
            }
            connection.poll_head(context)
        });
        let answer = answer.await;
        let answer = answer.map_err(|error| (error, is_unsent))?;
        if self.is_sending() {
            self.go_on_sending();
        }
        Ok(answer)
    }

    /// The next piece of the answer; `None` at its end.
    pub(super) fn poll_piece(
        &mut self,
        body: &mut BodyDecoder,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Http1Error>>> {
        self.connection.borrow_mut().poll_piece(body, context)
    }

    fn go_on_sending(&mut self) {
        let connection = Rc::clone(&self.connection);
        let rest = async move {
            poll_fn(|context| connection.borrow_mut().poll_send(context)).await;
        };
        let task = tokio::task::spawn_local(rest);
        self.rest = Some(RestOfRequest(task.abort_handle()));
    }
}

impl Drop for RestOfRequest {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// For a look that nobody waits for.
fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[cfg(test)]
mod tests;
