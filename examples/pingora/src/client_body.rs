//! The client's body, as far as the gate reads it before anything is sent.

use std::time::Duration;

use http::Version;
use http::header::EXPECT;
use pingora::proxy::Session;
use signalbox_gate::{BodyFailure, ReadBody, Step};
use tokio::time::{Instant, timeout};

use crate::times::Times;

/// How far a client's body was read.
#[derive(Debug)]
pub(crate) struct ClientBody {
    declared: Option<u64>,
    received: u64,
    /// The client waits to be told to go on.
    is_awaited: bool,
    idle: Duration,
    end: Instant,
}

impl ClientBody {
    pub(crate) fn new(session: &Session, declared: Option<u64>, times: &Times) -> Self {
        let head = session.req_header();
        Self {
            declared,
            received: 0,
            is_awaited: head.version == Version::HTTP_11 && head.headers.contains_key(EXPECT),
            idle: times.body_idle,
            end: Instant::now() + times.body_total,
        }
    }

    /// What has not come yet; `None` if nobody knows.
    pub(crate) fn left(&self) -> Option<u64> {
        Some(self.declared?.saturating_sub(self.received))
    }

    pub(crate) const fn end(&self) -> Instant {
        self.end
    }

    /// Tells a client that waits for it to go on.
    pub(crate) async fn ask_for(&mut self, session: &mut Session) -> Result<(), BodyFailure> {
        if !std::mem::take(&mut self.is_awaited) {
            return Ok(());
        }
        let told = session.write_continue_response().await;
        told.map_err(|_gone| BodyFailure::Broken)
    }

    /// Brings the next piece.
    pub(crate) async fn read(&mut self, session: &mut Session, read: ReadBody<()>) -> Step<()> {
        if let Err(failure) = self.ask_for(session).await {
            return read.failed(failure);
        }
        if self.left().is_none_or(|left| left <= RETRY_BUFFER) {
            session.enable_retry_buffering();
        }
        let patience = self.end.duration_since(Instant::now()).min(self.idle);
        match timeout(patience, session.read_request_body()).await {
            Err(_elapsed) => read.failed(BodyFailure::TooSlow),
            Ok(Err(_broken)) => read.failed(BodyFailure::Broken),
            Ok(Ok(None)) => read.end(),
            Ok(Ok(Some(piece))) => {
                self.received += piece.len() as u64;
                let is_last = session.is_body_done();
                read.piece(piece, is_last)
            }
        }
    }
}

/// What Pingora's buffer for retries holds. Only what is in it is passed on of a body that was read to its end before the
/// request went upstream.
const RETRY_BUFFER: u64 = 64 * 1024;
