//! An answer on its way to a client that takes it as it likes.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body as _;

use super::answer::{Asked, Framer, Length};
use super::{Connection, ConnectionError};
use crate::listener::connection::answer_slot::Next;
use crate::request::response_body::ResponseBody;

impl Connection {
    /// Sends an answer as its client takes it. Whether the connection goes on.
    pub(super) async fn send(
        &self,
        answer: Response<ResponseBody>,
        asked: Asked,
    ) -> Result<bool, ConnectionError> {
        let (head, body) = answer.into_parts();
        let length = match body.size_hint().exact() {
            _ if body.is_end_stream() => Length::Nothing,
            Some(length) => Length::Known(length),
            None => Length::Unknown,
        };
        let is_last = self.has_one_request || self.is_leaving.get();
        self.slot.put(body);
        let mut framer = {
            let mut transport = self.transport.borrow_mut();
            transport.begin_answer();
            asked.write_head(&head, length, is_last, transport.output.buffer())
        };
        drop(head);
        let mut is_over = false;
        poll_fn(|context| self.poll_send(&mut framer, &mut is_over, context)).await?;
        Ok(framer.keeps_alive && self.transport.borrow().is_at_a_head())
    }

    /// What the answer has is put together and written, as long as there is some of either.
    fn poll_send(
        &self,
        framer: &mut Framer,
        is_over: &mut bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionError>> {
        loop {
            let filled = if *is_over {
                Poll::Ready(Ok(()))
            } else {
                self.poll_fill(framer, context)
            };
            let mut transport = self.transport.borrow_mut();
            let written = transport.poll_write(context)?;
            let room = match filled {
                Poll::Ready(Ok(())) => {
                    *is_over |= self.slot.is_empty();
                    written
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            };
            if room.is_ready() {
                if *is_over {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            ready!(transport.poll_gone(context));
            return Poll::Ready(Err(ConnectionError::Gone));
        }
    }

    /// Puts what the answer has behind what goes out: ready once it has ended, or there is no room.
    fn poll_fill(
        &self,
        framer: &mut Framer,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionError>> {
        loop {
            if framer.is_full() {
                self.slot.clear();
                return Poll::Ready(Ok(()));
            }
            if !self.transport.borrow().output.has_room() {
                return Poll::Ready(Ok(()));
            }
            let next = ready!(self.slot.poll_next(context)).map_err(ConnectionError::Aborted)?;
            let output = &mut self.transport.borrow_mut().output;
            let is_last = match next {
                Next::Piece(piece, is_last) => {
                    framer.put(piece, output);
                    is_last
                }
                Next::End => true,
            };
            if is_last {
                return Poll::Ready(framer.end(output).map_err(|_short| ConnectionError::Answer));
            }
        }
    }
}
