//! The body of an answer, sent as its client takes it.
//!
//! Bytes are asked for once the client has room, and given to h2 once it has room for them: what h2
//! holds of an answer waits for the socket alone. While the client has none, nobody else looks at the
//! answer, so it is looked at here: it ends with its key, with its policy, and when its client has
//! taken too long with what it was given.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::{Body as _, Frame};
use signalbox_gate::{AbortReason, LOOK};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::listener::connection::ConnectionContext;
use crate::request::response_body::ResponseBody;

/// An answer under way.
pub(super) struct Answer {
    site: Rc<ConnectionContext>,
    stream: SendStream<Bytes>,
    body: ResponseBody,
    /// Since when the client takes less than [`PROGRESS`].
    waits_since: Option<Instant>,
    /// What it has taken since.
    taken: usize,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Why an answer ends before its end.
enum Lost {
    /// The client takes no more of it, or has gone.
    Client,
    /// The rest of it does not come: its stream is reset.
    Aborted,
}

impl Answer {
    pub(super) fn new(
        site: &Rc<ConnectionContext>,
        stream: SendStream<Bytes>,
        body: ResponseBody,
    ) -> Self {
        Self {
            site: Rc::clone(site),
            stream,
            body,
            waits_since: None,
            taken: 0,
            alarm: None,
        }
    }

    /// Sends all of it. What it holds is given back at its end, however that comes about.
    pub(super) async fn send(mut self) {
        match self.send_pieces().await {
            Ok(()) | Err(Lost::Client) => {}
            Err(Lost::Aborted) => self.stream.send_reset(Reason::INTERNAL_ERROR),
        }
    }

    async fn send_pieces(&mut self) -> Result<(), Lost> {
        loop {
            self.room_for(1).await?;
            let Some(piece) = self.next_piece().await? else {
                return self.give(Bytes::new(), true);
            };
            let is_last = self.body.is_end_stream();
            self.send_piece(piece, is_last).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// What the client has room for, and then the rest.
    async fn send_piece(&mut self, mut piece: Bytes, is_last: bool) -> Result<(), Lost> {
        if piece.is_empty() && is_last {
            return self.give(piece, true);
        }
        while !piece.is_empty() {
            let room = self.room_for(piece.len()).await?;
            let now = piece.split_to(room.min(piece.len()));
            self.takes(now.len());
            self.give(now, is_last && piece.is_empty())?;
        }
        self.takes(PROGRESS);
        Ok(())
    }

    /// The client takes so many bytes: with enough of them its time begins anew.
    const fn takes(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.taken >= PROGRESS {
            (self.waits_since, self.taken) = (None, 0);
        }
    }

    fn give(&mut self, piece: Bytes, is_end: bool) -> Result<(), Lost> {
        let given = self.stream.send_data(piece, is_end);
        given.map_err(|_gone| Lost::Client)
    }

    /// The answer's next bytes; `None` at its end.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, Lost> {
        poll_fn(|context| {
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    // GT is waited for, and no client.
                    (self.waits_since, self.taken) = (None, 0);
                    return self.stream.poll_reset(context).map(|_| Err(Lost::Client));
                }
            };
            // An answer has no trailers.
            let piece =
                frame.map(|frame| frame.map(|frame| Frame::into_data(frame).unwrap_or_default()));
            Poll::Ready(piece.transpose().map_err(|_reason| Lost::Aborted))
        })
        .await
    }

    /// How many bytes the client has room for, of so many.
    async fn room_for(&mut self, bytes: usize) -> Result<usize, Lost> {
        self.stream.reserve_capacity(bytes);
        poll_fn(|context| self.poll_room(context)).await
    }

    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Lost>> {
        loop {
            let room = self.stream.capacity();
            if room > 0 {
                return Poll::Ready(Ok(room));
            }
            match self.stream.poll_capacity(context) {
                Poll::Ready(Some(Ok(_more))) => {}
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Err(Lost::Client)),
                Poll::Pending => {
                    let reason = ready!(self.poll_alarm(context));
                    self.body.abort(reason);
                    return Poll::Ready(Err(Lost::Aborted));
                }
            }
        }
    }

    /// Ready once the answer is to end although its client asks for nothing.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<AbortReason> {
        let idle = self.takes_within();
        loop {
            let due = *self.waits_since.get_or_insert_with(Instant::now) + idle;
            let look = || Box::pin(sleep_until(due.min(Instant::now() + LOOK)));
            let alarm = self.alarm.get_or_insert_with(look);
            ready!(alarm.as_mut().poll(context));
            self.alarm = None;
            let now = Instant::now();
            let gate = &self.site.worker.shared.gate;
            if let Some(reason) = self.body.cancelled(gate, now) {
                return Poll::Ready(reason);
            }
            if now >= due {
                return Poll::Ready(AbortReason::ClientStalled);
            }
        }
    }

    fn takes_within(&self) -> Duration {
        self.site.worker.shared.config.times.answer_idle.duration()
    }
}

/// Whoever takes single bytes takes nothing; a reader of some hundred bytes a second is one.
const PROGRESS: usize = 1 << 10;
