//! GT's response on its way to the client.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::response;
use signalbox_http::restamp::Restamp;
use signalbox_runtime::GenerationStats;

use crate::auth::keyring::Key;
use crate::context::Context;
use crate::facts::End;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::response::abort_reason::AbortReason;
use crate::response::cancellation::Cancellation;

/// GT's response on its way to the client: its head, and what is done to its body.
#[derive(Debug)]
pub struct Relay<O: Observer> {
    head: response::Parts,
    body: RelayBody<O>,
}

/// What is done to the body of GT's response. Drop it when the last byte is sent, or the client is
/// gone.
#[derive(Debug)]
pub struct RelayBody<O: Observer> {
    context: Box<Context<O>>,
    restamp: Restamp,
    is_events: bool,
    cancellation: Cancellation,
    status: u16,
}

impl<O: Observer> Relay<O> {
    pub(crate) fn new(
        gate: &Arc<Gate>,
        context: Box<Context<O>>,
        (mut head, restamp, is_events): (response::Parts, Restamp, bool),
        key: &Arc<Key>,
        served: &Arc<GenerationStats>,
    ) -> Self {
        context.stamp(gate.settings(), &mut head);
        let body = RelayBody {
            context,
            restamp,
            is_events,
            cancellation: Cancellation::new(gate, key, served),
            status: head.status.as_u16(),
        };
        Self { head, body }
    }

    /// The head for the client, and what is done to the body.
    #[must_use]
    pub fn into_parts(self) -> (response::Parts, RelayBody<O>) {
        (self.head, self.body)
    }
}

impl<O: Observer> RelayBody<O> {
    /// Whether the response is a stream of events.
    #[must_use]
    pub const fn is_events(&self) -> bool {
        self.is_events
    }

    /// Whether any byte may be changed. If not, its length is GT's.
    #[must_use]
    pub const fn changes_bytes(&self) -> bool {
        self.restamp.changes_bytes()
    }

    /// What goes on of GT's next bytes; `None` if more has to be seen first.
    pub fn push(&mut self, chunk: Bytes) -> Option<Bytes> {
        if !self.restamp.changes_bytes() {
            return Some(chunk);
        }
        let mut out = Vec::with_capacity(chunk.len() + 64);
        self.restamp.push(&chunk, &mut out);
        (!out.is_empty()).then(|| out.into())
    }

    /// GT's response has ended: what was kept back of it goes on.
    pub fn finish(&mut self) -> Option<Bytes> {
        let rest = self.kept_back();
        self.context.facts.end = End::Forwarded(self.status);
        (!rest.is_empty()).then(|| rest.into())
    }

    /// How many events were too long to be restamped, and went on as they came.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        self.restamp.oversized()
    }

    /// The response ends before its time. What a stream of events ends with; `None` where the
    /// connection has to be cut, so that the client does not take a part for the whole.
    pub fn abort(&mut self, reason: AbortReason) -> Option<Bytes> {
        self.context.facts.end = End::Aborted(reason);
        self.is_events.then(|| {
            let mut out = self.kept_back();
            out.extend_from_slice(&reason.refusal().sse_event());
            out.into()
        })
    }

    /// Why the response is to end now, if it is. Look when something comes: it costs little unless
    /// [`crate::LOOK`] has passed.
    pub fn cancelled_if_due(&mut self, now: Instant) -> Option<AbortReason> {
        self.cancellation.look_if_due(now)
    }

    /// Why the response is to end now, if it is. Look each [`crate::LOOK`] while nothing comes.
    pub fn cancelled(&mut self, now: Instant) -> Option<AbortReason> {
        self.cancellation.look(now)
    }

    /// Who is told of the exchange.
    pub const fn observer_mut(&mut self) -> &mut O {
        &mut self.context.observer
    }

    fn kept_back(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.restamp.changes_bytes() {
            self.restamp.finish(&mut out);
        }
        out
    }
}
