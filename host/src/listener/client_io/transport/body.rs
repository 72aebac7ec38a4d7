//! The body of a request among the bytes of its connection.

use std::io;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use signalbox_http::http1::BodyDecoder;

use super::Transport;
use super::input::Room;

/// The body of the request that was read last.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// There is nothing more of it.
    Ended,
    /// It comes. Its client may wait for a word before.
    Comes {
        decoder: BodyDecoder,
        is_asked_for: bool,
    },
    /// Nobody reads it, or it cannot be read: what comes next is not known.
    Lost,
}

impl Transport {
    /// A body comes next. `is_asked_for` says that its client sends it without being told to.
    pub(crate) const fn begin_body(&mut self, decoder: BodyDecoder, is_asked_for: bool) {
        self.bodies += 1;
        self.body = if decoder.is_done() {
            Body::Ended
        } else {
            Body::Comes {
                decoder,
                is_asked_for,
            }
        };
    }

    /// The answer begins: a client that waits for a word gets that.
    pub(crate) const fn begin_answer(&mut self) {
        if let Body::Comes { is_asked_for, .. } = &mut self.body {
            *is_asked_for = true;
        }
    }

    /// The number of the body that was begun last.
    pub(in crate::listener::client_io) const fn body_number(&self) -> u64 {
        self.bodies
    }

    /// Whether the next request can come behind the last.
    pub(crate) const fn is_at_a_head(&self) -> bool {
        matches!(self.body, Body::Ended)
    }

    /// The next piece of the body, for its reader; `None` at its end.
    pub(in crate::listener::client_io) fn poll_body(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let (mut decoder, is_asked_for) = match self.body {
            Body::Ended => return Poll::Ready(None),
            Body::Lost => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            Body::Comes {
                decoder,
                is_asked_for,
            } => (decoder, is_asked_for),
        };
        if !is_asked_for {
            self.ask_for_body();
        }
        loop {
            let piece = match decoder.decode(self.input.here()) {
                Ok(piece) => piece,
                Err(error) => return self.lose(io::Error::other(error)),
            };
            drop(self.input.take(piece.before));
            let content = self.input.take(piece.content);
            drop(self.input.take(piece.after));
            if decoder.is_done() {
                self.body = Body::Ended;
                self.wake_server();
                return Poll::Ready((!content.is_empty()).then_some(Ok(content)));
            }
            self.body = Body::Comes {
                decoder,
                is_asked_for: true,
            };
            if !content.is_empty() {
                return Poll::Ready(Some(Ok(content)));
            }
            match self.poll_read(Room::Body, context) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return self.lose(io::ErrorKind::UnexpectedEof.into()),
                Poll::Ready(Err(error)) => return self.lose(error),
                Poll::Pending => {
                    wait(&mut self.reader, context);
                    return Poll::Pending;
                }
            }
        }
    }

    fn ask_for_body(&mut self) {
        self.output.buffer().extend_from_slice(CONTINUE);
        self.wake_server();
    }

    fn lose(&mut self, error: io::Error) -> Poll<Option<io::Result<Bytes>>> {
        self.body = Body::Lost;
        self.wake_server();
        Poll::Ready(Some(Err(error)))
    }

    /// What is known of the body's end: how much of it still comes.
    pub(in crate::listener::client_io) const fn body_left(&self) -> Option<u64> {
        match &self.body {
            Body::Ended => Some(0),
            Body::Comes { decoder, .. } => decoder.remaining(),
            Body::Lost => None,
        }
    }

    /// Nobody reads the body any more.
    pub(in crate::listener::client_io) fn drop_body(&mut self) {
        if let Body::Comes { .. } = self.body {
            self.body = Body::Lost;
            self.wake_server();
        }
    }

    fn wake_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.wake();
        }
    }

    /// Ready once somebody has read the body, or has let go of it.
    pub(crate) fn poll_body_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !matches!(self.body, Body::Comes { .. }) {
            return Poll::Ready(());
        }
        wait(&mut self.server, context);
        Poll::Pending
    }
}

fn wait(place: &mut Option<Waker>, context: &Context<'_>) {
    let waits = place.as_ref();
    if !waits.is_some_and(|waker| waker.will_wake(context.waker())) {
        *place = Some(context.waker().clone());
    }
}

/// The word that some clients wait for.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
