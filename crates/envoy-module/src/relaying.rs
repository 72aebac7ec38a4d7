//! GT's response on its way to the client, and why Envoy answers in its place.

use std::time::Instant;

use bytes::Bytes;
use signalbox_gate::{AbortReason, BodyFailure, Code, Refusal, RelayBody};

use crate::settings::Times;
use crate::told::Told;

/// GT's response on its way to the client.
#[derive(Debug)]
pub(crate) struct Relaying {
    pub(crate) body: RelayBody<Told>,
    pub(crate) came: Instant,
    /// Why it is to end at the next call.
    pub(crate) cut: Option<AbortReason>,
    /// What Envoy still has of a response that this one replaced.
    pub(crate) replaces: bool,
}

/// Why Envoy answers in GT's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnvoyReply {
    /// GT was not reached, and nothing was sent.
    Unreachable,
    /// The connection was lost after it was.
    Lost,
    /// GT's response is none.
    Protocol,
    /// GT took too long.
    Timeout,
    /// The client did.
    ClientTimeout,
    /// Envoy's buffer is too small for the body.
    TooLarge,
    /// Another filter, or a route: its response is its own.
    Other,
}

impl EnvoyReply {
    /// By the details that Envoy's own logs have.
    pub(crate) fn of(status: u32, details: &[u8]) -> Self {
        let details = String::from_utf8_lossy(details);
        let is = |words: &str| details.contains(words);
        match status {
            503 if is("no_healthy_upstream") || is("cluster_not_found") => Self::Unreachable,
            _ if is("connection_failure") || is("overflow") => Self::Unreachable,
            _ if is("protocol_error") => Self::Protocol,
            _ if is("upstream_reset") => Self::Lost,
            _ if is("upstream_response_timeout") || is("upstream_per_try_timeout") => Self::Timeout,
            404 if is("route_not_found") => Self::Unreachable,
            408 | 504 if is("timeout") => Self::ClientTimeout,
            413 if is("payload_too_large") => Self::TooLarge,
            _ => Self::Other,
        }
    }

    /// What the client is told instead.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        Some(match self {
            Self::Unreachable => Refusal::of(Code::UpstreamUnreachable).retry_after(1),
            Self::Lost => Refusal::new(
                Code::UpstreamUnreachable,
                "The connection to GT was lost after the request was sent. It may have had an effect.",
            ),
            Self::Protocol => Refusal::of(Code::UpstreamProtocol),
            Self::Timeout => Refusal::of(Code::UpstreamTimeout),
            Self::ClientTimeout => BodyFailure::TooSlow.refusal(),
            Self::TooLarge => BodyFailure::TooLarge.refusal(),
            Self::Other => return None,
        })
    }
}

impl Relaying {
    pub(crate) fn new(body: RelayBody<Told>) -> Self {
        Self {
            body,
            came: Instant::now(),
            cut: None,
            replaces: false,
        }
    }

    /// When GT has been quiet for too long.
    pub(crate) fn due(&self, times: &Times) -> Instant {
        self.came + times.answer_idle.duration()
    }

    /// What goes on in place of the next piece; `None` if it goes on as it is.
    pub(crate) fn pass(&mut self, piece: &Bytes, is_end: bool) -> Option<Bytes> {
        let passes = self.body.push(piece.clone()).unwrap_or_default();
        let rest = match is_end {
            true => self.body.finish().unwrap_or_default(),
            false => Bytes::new(),
        };
        match (rest.is_empty(), passes.is_empty()) {
            (true, _) if passes == *piece => None,
            (true, _) => Some(passes),
            (false, true) => Some(rest),
            (false, false) => Some([passes, rest].concat().into()),
        }
    }
}
