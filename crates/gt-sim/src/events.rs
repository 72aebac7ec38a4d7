//! Server-sent events, flushed one by one.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::sync::Semaphore;

use crate::answer::{Cut, Wait};
use crate::lock::lock;
use crate::shared::Shared;

/// The body of a stream. Before every event but the first it lets the connection write out what it has, pauses, and
/// takes a permit if a test holds the streams.
pub(crate) struct EventStream {
    shared: Arc<Shared>,
    events: VecDeque<Bytes>,
    pause: Duration,
    hold: Option<Arc<Semaphore>>,
    wait: Option<Wait>,
}

impl EventStream {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        events: impl IntoIterator<Item = String>,
        pause: Duration,
    ) -> Self {
        shared.progress.send_modify(|now| now.streams_open += 1);
        Self {
            shared: Arc::clone(shared),
            events: events
                .into_iter()
                .map(|data| Bytes::from(format!("data: {data}\n\n")))
                .collect(),
            pause,
            hold: lock(&shared.hold).clone(),
            wait: None,
        }
    }

    /// What comes before the next event. A closing simulator waits for no test and no pause.
    fn before_next(&self) -> Wait {
        let (hold, pause) = (self.hold.clone(), self.pause);
        let closed = Arc::clone(&self.shared).closed();
        Box::pin(async move {
            tokio::task::yield_now().await;
            let paused = async move {
                if let Some(hold) = hold
                    && let Ok(permit) = hold.acquire().await
                {
                    permit.forget();
                }
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            };
            tokio::select! {
                () = paused => {}
                () = closed => {}
            }
        })
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(context));
            self.wait = None;
        }
        let Some(event) = self.events.pop_front() else {
            return Poll::Ready(None);
        };
        self.wait = if self.events.is_empty() {
            None
        } else {
            Some(self.before_next())
        };
        Poll::Ready(Some(Ok(Frame::data(event))))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let finished = self.events.is_empty();
        self.shared.progress.send_modify(|now| {
            now.streams_open = now.streams_open.saturating_sub(1);
            if finished {
                now.streams_finished += 1;
            } else {
                now.streams_cancelled += 1;
            }
        });
    }
}
