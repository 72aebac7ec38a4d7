//! GT's response on its way to the client.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::response;
use signalbox_http::restamp::{EventBoundary, Restamp, UsageChunk};
use signalbox_runtime::GenerationStats;

use crate::auth::keyring::Key;
use crate::context::Context;
use crate::facts::End;
use crate::gate::Gate;
use crate::observer::Observer;
use crate::response::abort_reason::AbortReason;
use crate::response::cancellation::Cancellation;
use crate::response::mask::Mask;

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
    edits: BodyEdits,
    cancellation: Cancellation,
    status: u16,
}

/// What is done to the bytes of a body.
#[derive(Debug)]
pub(crate) struct BodyEdits {
    pub(crate) restamp: Restamp,
    /// For what may quote the request GT was sent.
    pub(crate) mask: Option<Mask>,
    /// For a stream of events: whether one is under way for the client.
    pub(crate) boundary: Option<EventBoundary>,
    /// For one that says what it took because the gate has asked.
    pub(crate) usage_chunk: Option<Box<UsageChunk>>,
}

impl BodyEdits {
    const fn is_none(&self) -> bool {
        !self.restamp.changes_bytes() && self.mask.is_none() && self.usage_chunk.is_none()
    }

    fn push(&mut self, chunk: Bytes) -> Option<Bytes> {
        if let (Some(boundary), None) = (&mut self.boundary, &self.usage_chunk) {
            boundary.push(&chunk);
        }
        let mut chunk = chunk;
        let mut out = Vec::new();
        if !self.restamp.rewrite(&chunk, &mut out) {
            chunk = out.into();
        }
        if let Some(usage_chunk) = &mut self.usage_chunk {
            let mut out = Vec::with_capacity(chunk.len());
            usage_chunk.push(&chunk, &mut out);
            // Events go on whole, so the client has other ones under way than GT.
            if let Some(boundary) = &mut self.boundary {
                boundary.push(&out);
            }
            chunk = out.into();
        }
        match &mut self.mask {
            Some(mask) => mask.push(&chunk),
            None => (!chunk.is_empty()).then_some(chunk),
        }
    }

    /// What was kept back of a stream that is cut, between two events of the client's: of an event of
    /// GT's that is not whole nothing has gone on.
    fn cut(&mut self) -> Vec<u8> {
        match (&self.usage_chunk, &mut self.mask) {
            (None, _) => self.finish(),
            (Some(_), Some(mask)) => mask.finish(),
            (Some(_), None) => Vec::new(),
        }
    }

    /// What was kept back.
    fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.restamp.changes_bytes() {
            self.restamp.finish(&mut out);
        }
        if let Some(usage_chunk) = &mut self.usage_chunk {
            let rest = std::mem::take(&mut out);
            usage_chunk.push(&rest, &mut out);
            usage_chunk.finish(&mut out);
        }
        if let Some(mask) = &mut self.mask {
            let passes = mask.push(&out).unwrap_or_default();
            out = [&passes[..], &mask.finish()].concat();
        }
        out
    }
}

impl<O: Observer> Relay<O> {
    pub(crate) fn new(
        gate: &Arc<Gate>,
        context: Box<Context<O>>,
        (mut head, edits): (response::Parts, BodyEdits),
        key: &Arc<Key>,
        served: &Arc<GenerationStats>,
    ) -> Self {
        context.stamp(gate.settings(), &mut head);
        let body = RelayBody {
            cancellation: Cancellation::new(gate, key, served, context.facts.began),
            context,
            edits,
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

impl<O: Observer> Drop for RelayBody<O> {
    fn drop(&mut self) {
        let facts = &mut self.context.facts;
        let is_whole = matches!(facts.end, End::Forwarded(_));
        let restamp = &self.edits.restamp;
        facts.meter.ends(restamp, self.status, is_whole);
    }
}

impl<O: Observer> RelayBody<O> {
    /// Whether the response is a stream of events.
    #[must_use]
    pub const fn is_events(&self) -> bool {
        self.edits.boundary.is_some()
    }

    /// Whether the response is a stream of events, and between two of them: only there may a line be
    /// added.
    #[must_use]
    pub fn is_between_events(&self) -> bool {
        self.edits.boundary.is_some_and(|it| it.is_here())
    }

    /// Whether any byte may be changed or kept back. If not, its length is GT's, and its end too.
    #[must_use]
    pub const fn changes_bytes(&self) -> bool {
        !self.edits.is_none()
    }

    /// Whether its bytes have to be shown here: to be changed, or to be read for what they say of tokens.
    #[must_use]
    pub const fn reads_bytes(&self) -> bool {
        self.changes_bytes() || self.edits.restamp.reads_bytes() || self.is_events()
    }

    /// What goes on of GT's next bytes; `None` if more has to be seen first.
    pub fn push(&mut self, chunk: Bytes) -> Option<Bytes> {
        self.edits.push(chunk)
    }

    /// GT's response has ended: what was kept back of it goes on.
    pub fn finish(&mut self) -> Option<Bytes> {
        let rest = self.edits.finish();
        self.context.facts.end = End::Forwarded(self.status);
        (!rest.is_empty()).then(|| rest.into())
    }

    /// How many events were too long to be restamped, and went on as they came.
    #[must_use]
    pub const fn oversized(&self) -> u64 {
        self.edits.restamp.oversized()
    }

    /// The response ends before its time. What a stream of events ends with; `None` where the
    /// connection has to be cut, so that the client does not take a part for the whole: inside an
    /// event too, for nothing could be added that does not complete it for its reader.
    pub fn abort(&mut self, reason: AbortReason) -> Option<Bytes> {
        self.context.facts.end = End::Aborted(reason);
        self.is_between_events().then(|| {
            let mut out = self.edits.cut();
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
}
