//! A client's body as it comes, in time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::Body;
use signalbox_gate::{BodyFailure, ChunkBuffer};

use crate::alarm::Alarm;
use crate::config::Config;

/// A client's body as it comes: at most one piece of it is here, but for what came with its head.
#[derive(Debug)]
pub(crate) struct IncomingBody<B> {
    /// `None` once nothing more comes of it.
    body: Option<Pin<Box<B>>>,
    failure: Option<BodyFailure>,
    /// What came with the head, and nobody has taken.
    here: ChunkBuffer,
    alarm: Alarm,
    idle: Duration,
    total: Duration,
    /// When all of it has to be here: the time begins when it is first waited for.
    end: Option<Instant>,
    /// Since when its next piece is waited for.
    waits: Option<Instant>,
}

impl<B: Body> IncomingBody<B> {
    pub(crate) fn new(body: B, config: &Config) -> Self {
        Self {
            body: (!body.is_end_stream()).then(|| Box::pin(body)),
            failure: None,
            here: ChunkBuffer::default(),
            alarm: Alarm::new(config.runtime.as_ref()),
            idle: config.times.body_idle,
            total: config.times.body_total,
            end: None,
            waits: None,
        }
    }

    /// The bytes still to be taken, if that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        let coming = match (&self.body, self.failure) {
            (_, Some(_)) => None,
            (None, None) => Some(0),
            (Some(body), None) => body.size_hint().exact(),
        };
        coming.map(|coming| coming + self.here.len())
    }

    /// Whether all of it was taken.
    pub(crate) fn has_ended(&self) -> bool {
        self.body.is_none() && self.failure.is_none() && self.here.is_empty()
    }

    /// The whole body, if it is small and came with its head. It stays here.
    pub(crate) async fn already_here(&mut self) -> Option<Bytes> {
        let expected = self.length().filter(|length| *length <= SMALL)?;
        let mut patience = PATIENCE;
        poll_fn(|context| {
            while self.body.is_some() {
                match self.poll_piece(context) {
                    Poll::Ready(Some(Ok(piece))) => {
                        self.here.add(piece, Some(expected));
                        patience = PATIENCE;
                        if self.here.len() > SMALL {
                            break;
                        }
                    }
                    Poll::Ready(_over) => break,
                    Poll::Pending if patience == 0 => break,
                    Poll::Pending => {
                        patience -= 1;
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
            Poll::Ready(())
        })
        .await;
        let is_whole = self.body.is_none() && self.failure.is_none();
        is_whole.then(|| self.here.bytes())
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BodyFailure>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        if !self.here.is_empty() {
            let here = std::mem::take(&mut self.here).bytes();
            return Poll::Ready(Some(Ok(here)));
        }
        if let Poll::Ready(next) = self.poll_piece(context) {
            self.waits = None;
            return Poll::Ready(next);
        }
        let now = self.alarm.now();
        let idle = *self.waits.get_or_insert(now) + self.idle;
        let end = *self.end.get_or_insert(now + self.total);
        ready!(self.alarm.poll(end.min(idle), context));
        Poll::Ready(Some(Err(self.fail(BodyFailure::TooSlow))))
    }

    /// The next piece that was not here yet.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFailure>>> {
        loop {
            if let Some(failure) = self.failure {
                return Poll::Ready(Some(Err(failure)));
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            let frame = match ready!(body.as_mut().poll_frame(context)) {
                None => {
                    self.body = None;
                    continue;
                }
                Some(Err(_gone)) => {
                    let broken = self.fail(BodyFailure::Broken);
                    return Poll::Ready(Some(Err(broken)));
                }
                Some(Ok(frame)) => frame,
            };
            if body.is_end_stream() {
                self.body = None;
            }
            // Trailers are headers nobody allowed.
            if let Ok(mut data) = frame.into_data()
                && data.has_remaining()
            {
                return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
            }
        }
    }

    /// Nothing more is taken of it: its client hears of that.
    fn fail(&mut self, failure: BodyFailure) -> BodyFailure {
        self.body = None;
        self.failure = Some(failure);
        failure
    }
}

/// What a client sends in one go with its head, and what one request may hold for nothing.
const SMALL: u64 = 64 << 10;

/// How often whoever reads the connection gets to read on before a body counts as not here: once to
/// read it, once to hand it over.
const PATIENCE: u32 = 2;
